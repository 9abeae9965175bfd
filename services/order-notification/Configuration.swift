import EventLoop
import Identity
import Observability
import Postgres
import Service

/// The settings of order-notification, beside those of every service.
enum NotificationKeys {
    static let database = SettingKey.connection(
        "DATABASE_URL", .postgresql,
        "The system of record; the role `waybill_notifier`, which reads the orders' customers, is enough.")
    static let processing = SettingKey.flag(
        "NOTIFY_PROCESSING", default: true, "Whether sessions are sent PROCESSING updates.")
    static let sessionsPerUser = SettingKey.integer(
        "NOTIFY_SESSIONS_PER_USER", in: 1...1000, default: 20, "Sessions of one user on one replica.")
    static let sessionsPerAddress = SettingKey.integer(
        "NOTIFY_SESSIONS_PER_ADDRESS", in: 1...100_000, default: 500,
        "Sessions of one client address on one replica; loopback is exempt. An IPv6 address stands for its /64."
    )
    static let handshakes = SettingKey.integer(
        "NOTIFY_HANDSHAKES_PER_SECOND", in: 1...100_000, default: 2000,
        "Handshakes a second; two and a half times as many in a burst.")
    static let handshakesPerAddress = SettingKey.integer(
        "NOTIFY_HANDSHAKES_PER_ADDRESS", in: 1...100_000, default: 20,
        "Handshakes a second of one client address; five times as many in a burst; loopback is exempt.")
    static let frames = SettingKey.integer(
        "NOTIFY_FRAMES_PER_SECOND", in: 1...10_000, default: 20,
        "Frames a second from one client, and messages of one frame; three times as many in a burst.")
    static let output = SettingKey.integer(
        "NOTIFY_OUTPUT_LIMIT", in: 4096...16_777_216, default: 262_144,
        "Bytes that a client may leave unread before it is closed with 4508.")

    static let all: [any AnySettingKey] =
        ServerKeys.all + TokenSettings.all + [
            database, ServiceKeys.origins, processing, sessionsPerUser, sessionsPerAddress, handshakes,
            handshakesPerAddress, frames, output,
        ]
}

extension PostgresConfiguration {
    init(_ url: ConnectionURL, name: String) {
        self.init(
            endpoints: url.endpoints, user: url.user ?? "waybill_notifier",
            password: url.password?.reveal(), database: url.path)
        applicationName = name
        connectTimeout = .seconds(2)
        queryTimeout = .seconds(2)
        statementTimeout = .seconds(2)
        options = url.query
    }
}

extension SessionLimits {
    init(_ settings: Settings) {
        self.init()
        sessionsPerUser = settings[NotificationKeys.sessionsPerUser]
        sessionsPerAddress = settings[NotificationKeys.sessionsPerAddress]
        let handshakes = settings[NotificationKeys.handshakes]
        self.handshakes = RateLimit(burst: handshakes * 5 / 2, perSecond: handshakes)
        let perAddress = settings[NotificationKeys.handshakesPerAddress]
        handshakesPerAddress = RateLimit(burst: perAddress * 5, perSecond: perAddress)
        let frames = settings[NotificationKeys.frames]
        self.frames = RateLimit(burst: frames * 3, perSecond: frames)
        output = settings[NotificationKeys.output]
        drainTime = min(.seconds(2), settings[ServiceKeys.drainTimeout] / 4)
    }
}

extension SubscriptionRegistry.Policy {
    init(_ settings: Settings) {
        self.init()
        sessionsPerUser = settings[NotificationKeys.sessionsPerUser]
        deliversEphemeral = settings[NotificationKeys.processing]
    }
}

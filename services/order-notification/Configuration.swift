import AMQP
import EventLoop
import JOSE
import Observability
import Redis
import Service

/// The keys of this service, each documented where it is declared.
enum Keys {
    static let redis = Key.connection("REDIS_URL", .redis, "Where Redis is: mailboxes, channels, status.")
    static let sentinels = Key.list(
        "REDIS_SENTINELS", of: "host:port", default: [],
        "Redis Sentinels that know the primary; then the host of REDIS_URL does not count.")
    static let primary = Key.string(
        "REDIS_PRIMARY", kind: "name", default: "waybill", "The primary's name among the sentinels.")
    static let queueType = Key.choice(
        "WAYBILL_QUEUE_TYPE", default: QueueKind.quorum, "The type of the queues that are declared.")
    static let rabbitMQ = Key.connection("RABBITMQ_URL", .amqp, "Where RabbitMQ is.")
    static let authorities = Key.file("TLS_CA_FILE", "Authorities for TLS to the servers; else the system's.")
        .optional
    static let issuer = Key.string("JWT_ISSUER", kind: "the exact `iss`", "Who issues the tokens.")
    static let audience = Key.string("JWT_AUDIENCE", kind: "one of the `aud`", "Whom the tokens are for.")
    static let secret = Key.secret(
        "JWT_SECRET", minimumBytes: 32, "The secret of HS256 tokens; instead of JWT_JWKS_URL."
    ).optional
    static let keySet = Key.url(
        "JWT_JWKS_URL", schemes: ["https", "http"],
        "The issuer's JWK set, or its `/.well-known/openid-configuration`; instead of JWT_SECRET."
    ).optional
    static let lifetime = Key.duration(
        "WORKFLOW_TTL", in: .seconds(60) ... .seconds(604_800), default: .seconds(2700),
        "How long mailboxes and workflows live.")
    static let origins = Key.list(
        "ALLOWED_ORIGINS", of: "origins, such as https://shop.example", default: [],
        "Pages that may open a connection; without an Origin it is no browser, and may.")
    static let processing = Key.flag(
        "NOTIFY_PROCESSING", default: true, "Whether sessions are told that an order is being processed.")
    static let sessionsPerUser = Key.integer(
        "NOTIFY_SESSIONS_PER_USER", in: 1...1000, default: 20, "Sessions of one user on one replica.")
    static let sessionsPerAddress = Key.integer(
        "NOTIFY_SESSIONS_PER_ADDRESS", in: 1...100_000, default: 500,
        "Sessions of one client address on one replica; the loopback's are not counted.")
    static let handshakes = Key.integer(
        "NOTIFY_HANDSHAKES_PER_SECOND", in: 1...100_000, default: 2000,
        "Handshakes a second; two and a half times as many at once.")
    static let frames = Key.integer(
        "NOTIFY_FRAMES_PER_SECOND", in: 1...10_000, default: 20,
        "Texts a second from one client; three times as many at once.")
    static let output = Key.integer(
        "NOTIFY_OUTPUT_LIMIT", in: 4096...16_777_216, default: 262_144,
        "Bytes that a client may leave unread before it is closed with 4508.")

    static let all: [any AnyKey] = [
        redis, sentinels, primary, rabbitMQ, queueType, authorities, issuer, audience, secret, keySet,
        lifetime, origins,
        processing,
        sessionsPerUser, sessionsPerAddress, handshakes, frames, output,
    ]

    /// No key, no start: a default would let anyone forge tokens.
    static let rules = [
        SettingsRule(at: sentinels) { settings in
            let isWrong = settings.value(sentinels)?.contains { Endpoint($0) == nil } ?? false
            return isWrong ? KeyFault("holds something else", write: "host:port,host:port,…") : nil
        },
        SettingsRule(at: secret) { settings in
            let hasSecret = (settings.value(secret) ?? nil) != nil
            let hasKeySet = (settings.value(keySet) ?? nil) != nil
            switch (hasSecret, hasKeySet) {
            case (false, false): return KeyFault("is not set, nor is JWT_JWKS_URL", write: "one of them")
            case (true, true): return KeyFault("is set, and so is JWT_JWKS_URL", write: "one of them")
            default: return nil
            }
        },
        SettingsRule(at: keySet) { settings in
            guard settings.value(ServiceKeys.profile) == .production,
                let url = settings.value(keySet) ?? nil, url.hasPrefix("http://")
            else { return nil }
            return KeyFault("is not https, so anybody on the way could bring keys", write: "https://…")
        },
    ]
}

extension Limits {
    init(_ settings: Settings) {
        self.init()
        sessionsPerUser = settings[Keys.sessionsPerUser]
        sessionsPerAddress = settings[Keys.sessionsPerAddress]
        let handshakes = settings[Keys.handshakes]
        self.handshakes = Rate(burst: handshakes * 5 / 2, perSecond: handshakes)
        let frames = settings[Keys.frames]
        self.frames = Rate(burst: frames * 3, perSecond: frames)
        output = settings[Keys.output]
        farewell = min(.seconds(2), settings[ServiceKeys.drainTimeout] / 4)
    }
}

extension Redis.Configuration {
    @Loop init(_ url: ConnectionURL, authorities: String?, name: String) throws {
        self.init(endpoint: url.endpoint)
        user = url.user
        password = url.password?.reveal()
        database = Int(url.path) ?? 0
        clientName = name
        if url.usesTLS { tls = try TLSClient(authorities: authorities) }
    }
}

extension AMQP.Configuration {
    @Loop init(_ url: ConnectionURL, authorities: String?, name: String) throws {
        self.init(
            endpoint: url.endpoint, user: url.user ?? "guest", password: url.password?.reveal() ?? "guest",
            virtualHost: url.path)
        connectionName = name
        if url.usesTLS { tls = try TLSClient(authorities: authorities) }
    }
}

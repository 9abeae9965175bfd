import EventLoop
import HTTP
import Identity
import JOSE
import JSON
import MemoryAdapters
import Observability
import OrderRecords
import Orders
import WorkflowState

@testable import OrderNotification

/// What a session wrote, in order.
@Loop
final class Recorder: SessionTransport {
    private(set) var texts: [String] = []
    private(set) var end: (code: WebSocketCloseCode, reason: String)?
    var pendingOutput: Int { texts.reduce(0) { $0 + $1.utf8.count } }

    nonisolated init() {}

    func send(_ encoded: Encoded) {
        guard end == nil else { return }
        switch encoded {
        case .frame(let frame): texts.append(Self.payload(frame))
        case .event(let event): texts.append(String(decoding: event.bytes, as: UTF8.self))
        }
    }

    func end(_ code: WebSocketCloseCode, reason: String) { end = end ?? (code, reason) }

    private(set) var isHeld = false
    func hold() { isHeld = true }
    func release() { isHeld = false }

    /// Without the header of two to four bytes, as the payloads here are short.
    private static func payload(_ frame: WebSocketFrame) -> String {
        String(decoding: frame.bytes[(frame.bytes[1] == 126 ? 4 : 2)...], as: UTF8.self)
    }

    /// The JSON of native frames.
    var messages: [JSONValue] { texts.compactMap { try? JSONValue(parsing: $0) } }
    func messages(_ type: String) -> [JSONValue] { messages.filter { $0["type"]?.string == type } }
    /// The ids of the updates, in order.
    var offsets: [Int] { messages("order.status").compactMap { $0["id"]?.int } }
}

@Loop
final class MemoryOrderOwners: OrderOwners {
    var owners: [CorrelationID: OrderOwner] = [:]
    var fault: OrderRecordsError?

    nonisolated init() {}

    func owners(
        of ids: [CorrelationID]
    ) async throws(OrderRecordsError) -> [CorrelationID: OrderOwner] {
        if let fault { throw fault }
        return owners.filter { ids.contains($0.key) }
    }
}

/// A replica without its edges: sessions, subscriptions and the state they share with other replicas.
@Loop
final class Replica {
    static let secret = Array("0123456789abcdef0123456789abcdef".utf8)

    let state: MemoryState
    let mailboxes: any MailboxStore
    let workflows: MemoryWorkflowStore
    let records = MemoryOrderOwners()
    let registry = Metrics()
    let metrics: NotificationMetrics
    let tasks = TaskTracker()
    let subscriptions: SubscriptionRegistry
    let sessions: SessionRegistry
    private let issuer: TokenIssuer
    static let rules = TokenRules(issuer: "waybill", audience: "waybill-api")

    init(
        _ state: MemoryState = MemoryState(), name: String = "replica-1",
        limits: SessionLimits = SessionLimits(),
        policy: SubscriptionRegistry.Policy = SubscriptionRegistry.Policy(),
        mailboxes: (any MailboxStore)? = nil,
        channels: (any UserChannels)? = nil, retention: Retention = Retention(),
        authenticator: Authenticator? = nil
    ) throws {
        self.state = state
        self.mailboxes = mailboxes ?? MemoryMailboxStore(state, retention)
        workflows = MemoryWorkflowStore(state, retention)
        metrics = NotificationMetrics(registry)
        let log = Logger(
            sink: LogSink(origin: LogOrigin(service: "test", replica: name), format: .json), level: .critical)
        subscriptions = SubscriptionRegistry(
            mailboxes: self.mailboxes, channels: channels ?? MemoryUserChannels(state), policy: policy,
            metrics: metrics,
            log: log, tasks: tasks)
        let key = try SigningKey.hmac(secret: Self.secret)
        issuer = TokenIssuer(key: key, issuer: "waybill", audience: "waybill-api")
        sessions = SessionRegistry(
            replica: name, limits: limits, subscriptions: subscriptions, workflows: workflows,
            owners: records,
            authenticator: authenticator
                ?? Authenticator(keys: KeySet([key.verificationKey]), rules: Self.rules), metrics: metrics,
            log: log, tasks: tasks)
        TestCleanup.add(self)
    }

    func token(_ user: String, lifetime: Int = 600) throws -> String {
        try issuer.token(for: user, now: WallClock.seconds(), lifetime: lifetime)
    }

    /// What a series of the metrics stands at.
    func count(of series: String) -> Double? {
        String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("\(series) ") }
            .flatMap { $0.split(separator: " ").last.flatMap { Double($0) } }
    }

    /// A session whose handshake is done.
    func open(
        _ user: String?, _ wireProtocol: WireProtocol = .native, from start: ResumePoint = .latest,
        lifetime: Int = 600
    ) -> (Session, Recorder) {
        let credentials = user.map { name in
            HandshakeContext.Credentials.principal(
                Principal(userID: UserID(name)!, expiresAt: WallClock.seconds() + lifetime))
        }
        let session = Session(wireProtocol, sessions, HandshakeContext(credentials, start), address: nil)
        let recorder = Recorder()
        session.opened(on: recorder)
        return (session, recorder)
    }
}

extension Session {
    /// As if the client had sent it.
    func hear(_ text: String) { if takePermit() { received(text.utf8.span) } }
}

/// Updates with numbers that say which is which.
func update(_ number: Int, _ status: OrderStatus = .completed) -> StatusUpdate {
    StatusUpdate(
        correlationID: CorrelationID(
            unixMilliseconds: UInt64(number), randomA: 0, randomB: UInt64(number)),
        orderID: OrderID(Int64(number))!, status: status,
        occurredAt: Timestamp(milliseconds: 1_767_225_600_123))
}

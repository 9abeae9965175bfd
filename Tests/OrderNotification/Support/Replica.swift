import EventLoop
import HTTP
import Identity
import JOSE
import JSON
import Observability
import Orders
import WorkflowState

@testable import OrderNotification

/// What a session wrote, in order.
@Loop
final class Recorder: Outlet {
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

/// A replica without its edges: sessions, audiences and the state they share with other replicas.
@Loop
final class Replica {
    static let secret = Array("0123456789abcdef0123456789abcdef".utf8)

    let state: MemoryState
    let mailboxes: any MailboxStore
    let workflows: MemoryWorkflowStore
    let metrics = Metrics()
    let tally: Tally
    let chores = Chores()
    let audiences: Audiences
    let sessions: Sessions
    private let issuer: TokenIssuer

    init(
        _ state: MemoryState = MemoryState(), name: String = "replica-1", limits: Limits = Limits(),
        policy: Audiences.Policy = Audiences.Policy(), mailboxes: (any MailboxStore)? = nil,
        channels: (any UserChannels)? = nil, lifetimes: Lifetimes = Lifetimes()
    ) throws {
        self.state = state
        self.mailboxes = mailboxes ?? MemoryMailboxStore(state, lifetimes)
        workflows = MemoryWorkflowStore(state, lifetimes)
        tally = Tally(metrics)
        let log = Logger(
            sink: LogSink(origin: LogOrigin(service: "test", replica: name), format: .json), level: .critical)
        audiences = Audiences(
            mailboxes: self.mailboxes, channels: channels ?? MemoryUserChannels(state), policy: policy,
            tally: tally,
            log: log, chores: chores)
        let key = try SigningKey.hmac(secret: Self.secret)
        issuer = TokenIssuer(key: key, issuer: "waybill", audience: "waybill-api")
        sessions = Sessions(
            replica: name, limits: limits, audiences: audiences, workflows: workflows,
            authenticator: Authenticator(
                keys: KeySet([key.verificationKey]),
                rules: TokenRules(issuer: "waybill", audience: "waybill-api")), tally: tally, log: log,
            chores: chores)
        Leftovers.add(self)
    }

    func token(_ user: String, lifetime: Int = 600) throws -> String {
        try issuer.token(for: user, now: WallClock.seconds(), lifetime: lifetime)
    }

    /// What a series of the metrics stands at.
    func count(of series: String) -> Double? {
        String(decoding: metrics.exposition(), as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("\(series) ") }
            .flatMap { $0.split(separator: " ").last.flatMap { Double($0) } }
    }

    /// A session whose handshake is done.
    func open(
        _ user: String?, _ dialect: Dialect = .native, from start: Start = .now, lifetime: Int = 600
    ) -> (Session, Recorder) {
        let ticket = user.map { name in
            Guest.Ticket.principal(
                Principal(userID: UserID(name)!, expiresAt: WallClock.seconds() + lifetime))
        }
        let session = Session(dialect, sessions, Guest(ticket, start), address: nil)
        let recorder = Recorder()
        session.opened(on: recorder)
        return (session, recorder)
    }
}

extension Session {
    /// As if the client had sent it.
    func hear(_ text: String) { received(text.utf8.span) }
}

/// Updates with numbers that say which is which.
func update(_ number: Int, _ status: OrderStatus = .completed) -> StatusUpdate {
    StatusUpdate(
        correlationID: CorrelationID(
            unixMilliseconds: UInt64(number), randomA: 0, randomB: UInt64(number)),
        orderID: OrderID(Int64(number))!, status: status,
        occurredAt: Timestamp(milliseconds: 1_767_225_600_123))
}

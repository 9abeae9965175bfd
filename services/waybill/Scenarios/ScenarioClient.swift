import EventLoop
import HTTP

/// One client of the failover scenario: stays connected in its protocol to one of the replicas, moves to the
/// next after a loss, resumes from its position, and records its updates.
@Loop
final class ScenarioClient {
    enum WireProtocol: Int, CaseIterable, Sendable {
        case websocket, events, hub

        var name: String {
            switch self {
            case .websocket: "WebSocket"
            case .events: "SSE"
            case .hub: "SignalR"
            }
        }
    }

    enum Event {
        case up
        case down(String)
        case hint(milliseconds: Int)
        /// A gap notice: updates may have been missed.
        case gap
        case update(correlationID: String, isLearned: Bool)
    }

    let user: Int
    let wireProtocol: WireProtocol
    let token: String
    /// Base URLs of the replicas.
    private let replicas: [String]
    let client: HTTPClient
    private(set) var ledger = ClientLedger()
    /// The replica that it is connected to.
    private(set) var replica: Int?
    private(set) var connections = 0
    /// The client's position in its mailbox; SignalR clients have none.
    private(set) var place: Place?
    var onEvent: (@Loop (ScenarioClient, Event) -> Void)?

    private var line: (any ScenarioConnection)?
    private var next: Int
    private var isStopped = false
    private var hint: Duration?
    private var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
    private lazy var retry = Timer { [weak self] in self?.connect() }
    private(set) var lastFailure = "never connected"

    struct Place: Sendable, Equatable {
        var epoch: String
        var offset: Int

        init(epoch: String, offset: Int) {
            self.epoch = epoch
            self.offset = offset
        }

        /// `<epoch>:<offset>`, as in an event's id.
        init?(_ id: Substring) {
            let parts = id.split(separator: ":")
            guard parts.count == 2, let offset = Int(parts[1]) else { return nil }
            self.init(epoch: String(parts[0]), offset: offset)
        }
    }

    init(
        user: Int, _ wireProtocol: WireProtocol, first: Int, of replicas: [String], token: String,
        client: HTTPClient
    ) {
        self.user = user
        self.wireProtocol = wireProtocol
        self.replicas = replicas
        self.token = token
        self.client = client
        next = first
    }

    var isUp: Bool { replica != nil }

    func open() { connect() }

    func close() {
        isStopped = true
        retry.cancel()
        line?.close()
        line = nil
    }

    /// The user placed an order.
    func ordered(_ correlationID: String, sentAt: Instant) {
        (line as? SignalRConnection)?.ordered(correlationID, sentAt: sentAt)
    }

    // MARK: Connection

    private func connect() {
        guard !isStopped, line == nil else { return }
        let index = next % replicas.count
        let line: any ScenarioConnection =
            switch wireProtocol {
            case .websocket: NativeConnection(self, index)
            case .events: SSEConnection(self, index)
            case .hub: SignalRConnection(self, index)
            }
        self.line = line
        Loop.task { [self] in
            do {
                try await line.open(replicas[index])
            } catch {
                lost(line, "\(error)")
            }
        }
    }

    func isCurrent(_ line: any ScenarioConnection) -> Bool { self.line === line }

    func welcomed(_ line: any ScenarioConnection, at place: Place?) {
        guard isCurrent(line) else { return }
        // A first connection starts here, and so does a new epoch.
        if let place, place.epoch != self.place?.epoch { self.place = place }
        backoff.reset()
        connections += 1
        replica = line.replica
        onEvent?(self, .up)
    }

    func lost(_ line: any ScenarioConnection, _ reason: String) {
        guard isCurrent(line) else { return }
        self.line = nil
        let wasUp = isUp
        replica = nil
        lastFailure = reason
        // A random other replica.
        next += Int.random(in: 1..<max(2, replicas.count))
        if wasUp { onEvent?(self, .down(reason)) }
        guard !isStopped else { return }
        retry.arm(after: hint ?? backoff.next())
        hint = nil
    }

    // MARK: Updates

    func drains(_ line: any ScenarioConnection, milliseconds: Int) {
        guard isCurrent(line) else { return }
        hint = .milliseconds(milliseconds)
        onEvent?(self, .hint(milliseconds: milliseconds))
    }

    func missedSomething(_ line: any ScenarioConnection) {
        guard isCurrent(line) else { return }
        ledger.missedSomething(at: .systemNow())
        onEvent?(self, .gap)
    }

    func told(_ update: OrderUpdate, on line: any ScenarioConnection) {
        guard isCurrent(line) else { return }
        if let offset = update.offset, let place { self.place?.offset = max(place.offset, offset) }
        guard update.isFinal else { return }
        ledger.pushed(
            update.correlationID, isCompleted: update.status == "COMPLETED", at: update.receivedAt)
        onEvent?(self, .update(correlationID: update.correlationID, isLearned: false))
    }

    func learned(_ correlationID: String, isCompleted: Bool) {
        guard !ledger.knows(correlationID) else { return }
        ledger.learned(correlationID, isCompleted: isCompleted, at: .systemNow())
        onEvent?(self, .update(correlationID: correlationID, isLearned: true))
    }
}

/// One connection of a client.
@Loop
protocol ScenarioConnection: AnyObject, Sendable {
    /// The replica's number.
    var replica: Int { get }
    /// Connects to a replica; throws when that fails.
    func open(_ base: String) async throws
    func close()
}

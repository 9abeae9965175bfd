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
        case connected
        case disconnected(String)
        case draining(milliseconds: Int)
        /// A gap notice: updates may have been missed.
        case gap
        case update(correlationID: String, isQueried: Bool)
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
    private(set) var position: Position?
    var onEvent: (@Loop (ScenarioClient, Event) -> Void)?

    private var connection: (any ScenarioConnection)?
    private var next: Int
    private var isStopped = false
    private var reconnectDelay: Duration?
    private var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
    private lazy var retry = Timer { [weak self] in self?.connect() }
    private(set) var lastFailure = "never connected"

    struct Position: Sendable, Equatable {
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

    var isConnected: Bool { replica != nil }

    func open() { connect() }

    func close() {
        isStopped = true
        retry.cancel()
        connection?.close()
        connection = nil
    }

    /// The user placed an order.
    func ordered(_ correlationID: String, sentAt: Instant) {
        (connection as? SignalRConnection)?.ordered(correlationID, sentAt: sentAt)
    }

    // MARK: Connection

    private func connect() {
        guard !isStopped, connection == nil else { return }
        let index = next % replicas.count
        let connection: any ScenarioConnection =
            switch wireProtocol {
            case .websocket: NativeConnection(self, index)
            case .events: SSEConnection(self, index)
            case .hub: SignalRConnection(self, index)
            }
        self.connection = connection
        Loop.task { [self] in
            do {
                try await connection.open(replicas[index])
            } catch {
                disconnected(connection, "\(error)")
            }
        }
    }

    func isCurrent(_ connection: any ScenarioConnection) -> Bool { self.connection === connection }

    func connected(_ connection: any ScenarioConnection, at position: Position?) {
        guard isCurrent(connection) else { return }
        // A first connection starts here, and so does a new epoch.
        if let position, position.epoch != self.position?.epoch { self.position = position }
        backoff.reset()
        connections += 1
        replica = connection.replica
        onEvent?(self, .connected)
    }

    func disconnected(_ connection: any ScenarioConnection, _ reason: String) {
        guard isCurrent(connection) else { return }
        self.connection = nil
        let wasConnected = isConnected
        replica = nil
        lastFailure = reason
        // A random other replica.
        next += Int.random(in: 1..<max(2, replicas.count))
        if wasConnected { onEvent?(self, .disconnected(reason)) }
        guard !isStopped else { return }
        retry.arm(after: reconnectDelay ?? backoff.next())
        reconnectDelay = nil
    }

    // MARK: Updates

    func receivedDrainNotice(_ connection: any ScenarioConnection, milliseconds: Int) {
        guard isCurrent(connection) else { return }
        reconnectDelay = .milliseconds(milliseconds)
        onEvent?(self, .draining(milliseconds: milliseconds))
    }

    func receivedGapNotice(_ connection: any ScenarioConnection) {
        guard isCurrent(connection) else { return }
        ledger.receivedGapNotice(at: .systemNow())
        onEvent?(self, .gap)
    }

    func received(_ update: OrderUpdate, on connection: any ScenarioConnection) {
        guard isCurrent(connection) else { return }
        if let offset = update.offset, let position { self.position?.offset = max(position.offset, offset) }
        guard update.isFinal else { return }
        ledger.pushed(
            update.correlationID, isCompleted: update.status == "COMPLETED", at: update.receivedAt)
        onEvent?(self, .update(correlationID: update.correlationID, isQueried: false))
    }

    func queryAnswered(_ correlationID: String, isCompleted: Bool) {
        guard !ledger.hasFinalStatus(correlationID) else { return }
        ledger.queryAnswered(correlationID, isCompleted: isCompleted, at: .systemNow())
        onEvent?(self, .update(correlationID: correlationID, isQueried: true))
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

package import EventLoop

/// A publisher or consumer that a client attaches again after each reconnect.
@Loop
protocol AMQPConnectionUser: AnyObject {
    /// Starts work on a new connection, or again on the same one after its channel was closed.
    func attach(to connection: AMQPConnection) async throws(AMQPError)
    /// The connection ended; another may follow.
    func detach(_ error: AMQPError)
    /// The client is closed; no connection follows.
    func end()
}

/// A long-lived client: reconnects with jittered backoff, declares the topology again, and reattaches its
/// publishers and consumers.
///
/// Use separate clients for publishing and consuming: a broker in alarm stops reading from publishing
/// connections, and would then not read their acks.
@Loop
package final class AMQPClient: Service {
    package enum State: Sendable, Equatable {
        case connecting
        /// Connected, topology declared, publishers and consumers attached.
        case ready
        /// The broker accepts no publishes; consuming continues.
        case blocked(reason: String)
        /// The last attempt or connection failed; the next attempt follows.
        case disconnected(AMQPError)
        case closed
    }

    private static let maxBackoff = Duration.seconds(5)

    package let configuration: AMQPConfiguration
    package let topology: AMQPTopology
    /// Queues and exchanges that exist with other arguments, and were left as they are.
    package private(set) var differences: [String] = []
    package private(set) var state = State.connecting
    /// The current connection, if any.
    package private(set) var connection: AMQPConnection?

    private var users: [any AMQPConnectionUser] = []
    /// Users to attach to the connection.
    private var pendingUsers = Deque<any AMQPConnectionUser>()
    private var observers: [@Loop (State) -> Void] = []
    /// Since when a queue, a binding or the exchange is known to be missing; nil once it is declared again.
    private var missingSince: Instant?
    private var declaredAt: Instant?
    private lazy var declaring = Timer { [weak self] in self?.work.set() }
    private let stopping = AsyncSignal()
    /// Set when a user is to be attached, the connection has ended or the client stops.
    private let work = AsyncSignal()
    private let stateChanges = WaiterQueue<Void>()
    /// In the configuration's endpoints; at random at first, so that clients spread over a cluster.
    private var nextNode: Int
    private let endpoints: [Endpoint]
    private var isRunning = false

    package init(_ configuration: AMQPConfiguration, topology: AMQPTopology = AMQPTopology()) {
        self.configuration = configuration
        self.topology = topology
        endpoints = configuration.endpoints
        nextNode = endpoints.indices.randomElement() ?? 0
    }

    /// Another node at each attempt.
    private func nextEndpoint() -> Endpoint {
        defer { nextNode = (nextNode + 1) % endpoints.count }
        return endpoints[nextNode]
    }

    // MARK: Lifecycle

    /// Keeps the client connected until `shutdown` or cancellation, and closes the connection cleanly.
    package func run() async {
        precondition(!isRunning, "a client runs once")
        isRunning = true
        await withTaskCancellationHandler {
            await Loop.reconnect(Backoff(cap: Self.maxBackoff), stableAfter: Self.maxBackoff, until: stopping)
            {
                await connectAndServe()
            }
        } onCancel: {
            Loop.task { self.requestShutdown() }
        }
        close()
    }

    /// Closes the connection cleanly and ends `run`.
    package func shutdown() async {
        requestShutdown()
        guard isRunning else { return close() }
        while state != .closed {
            _ = await stateChanges.wait(until: nil, unless: { state == .closed ? () : nil })
        }
    }

    package func drain(until deadline: Instant) async { await shutdown() }

    /// Waits until the client is connected; blocked counts as connected.
    package func ready(within limit: Duration) async throws(AMQPError) {
        let deadline = Loop.now + limit
        while true {
            let seen = state
            switch seen {
            case .ready, .blocked: return
            case .closed: throw AMQPError(.closed)
            case .connecting, .disconnected: break
            }
            if case .value = await stateChanges.wait(until: deadline, unless: { state == seen ? nil : () }) {
                continue
            }
            if case .disconnected(let error) = state { throw error }
            throw AMQPError(.notConnected, "not ready in time")
        }
    }

    /// Called with every new state; for readiness, logs and metrics.
    package func onStateChange(_ observer: @escaping @Loop (State) -> Void) { observers.append(observer) }

    /// Whether something was found missing, and has not been declared again.
    package var isTopologyMissing: Bool { missingSince != nil }

    /// The broker has cancelled a consumer: its queue was deleted, or lost its node.
    func consumerWasCancelled(_ consumer: AMQPConsumer) {
        topologyIsMissing(replyCode: Self.notFound)
        attach(consumer)
    }

    package var isReady: Bool { state == .ready }
    package var isConnected: Bool { isReady || isBlocked }

    /// Whether the broker accepts no publishes, because of an alarm.
    package var isBlocked: Bool { if case .blocked = state { true } else { false } }

    /// Why the client is not connected, in a word: `unreachable`, `authentication`, `tls`, `declaration`, ….
    package var problem: String? {
        switch state {
        case .ready, .blocked: nil
        case .connecting, .closed: "unreachable"
        case .disconnected(let error): error.problem
        }
    }

    /// Serves one connection from attempt to end; returns how long it was open.
    private func connectAndServe() async -> Duration {
        let connection: AMQPConnection
        do throws(AMQPError) {
            var configuration = configuration
            configuration.endpoint = nextEndpoint()
            connection = try await AMQPConnection.open(configuration)
        } catch {
            connectionLost(error)
            return .zero
        }
        let start = Loop.now
        self.connection = connection
        do throws(AMQPError) {
            try await serve(connection)
        } catch {
            connection.fail(error)
            connectionLost(error)
        }
        return start.duration(to: Loop.now)
    }

    /// Declares the topology, attaches the users, and reattaches those that ask for it, until the connection
    /// ends.
    private func serve(_ connection: AMQPConnection) async throws(AMQPError) {
        connection.onClosed = { [weak self] error in self?.connectionLost(error) }
        connection.onBlocked = { [weak self] in self?.updateBlocked() }
        for user in users { pendingUsers.append(user) }
        try await declare(on: connection)
        missingSince = nil
        while connection.failure == nil, !stopping.isSet {
            work.reset()
            if isDeclarationDue {
                declaredAt = Loop.now
                try await declare(on: connection)
                missingSince = nil
            }
            // Without it a publisher's channel would be closed again.
            if isTopologyMissing {
                await work.wait()
                continue
            }
            while let user = pendingUsers.popFirst() {
                if users.contains(where: { $0 === user }) { try await user.attach(to: connection) }
            }
            if let failure = connection.failure { throw failure }
            if stopping.isSet { break }
            updateBlocked()
            await work.wait()
        }
        await connection.close()
    }

    /// At most once a second, and not at once: RabbitMQ 3.10 delivers nothing to the consumers of a quorum queue that is
    /// declared again before they have been told of its end.
    private var isDeclarationDue: Bool {
        guard let missingSince else { return false }
        let pause = missingSince + Self.declarationPause
        let time = declaredAt.map { max(pause, $0 + Self.declarationInterval) } ?? pause
        guard Loop.now < time else { return true }
        declaring.arm(at: time)
        return false
    }

    private static let declarationPause = Duration.milliseconds(300)
    private static let declarationInterval = Duration.seconds(1)
    private static let (notFound, noRoute): (UInt16, UInt16) = (404, 312)

    /// A message was returned, or a channel closed. What the broker has lost is declared again.
    func topologyIsMissing(replyCode: UInt16) {
        guard [Self.notFound, Self.noRoute].contains(replyCode), !isTopologyMissing else { return }
        missingSince = Loop.now
        for observer in events { observer(.topologyMissing) }
        work.set()
    }

    /// What the state does not show; for logs.
    package enum Event: Sendable {
        /// A queue, a binding or the exchange is gone, and is declared again.
        case topologyMissing
        /// The broker does not confirm what is published: the channel is opened again, or the connection.
        case unconfirmed(willReconnect: Bool)
    }

    private var events: [@Loop (Event) -> Void] = []

    package func onEvent(_ observer: @escaping @Loop (Event) -> Void) { events.append(observer) }

    func noteUnconfirmed(willReconnect: Bool) {
        for observer in events { observer(.unconfirmed(willReconnect: willReconnect)) }
    }

    private func declare(on connection: AMQPConnection) async throws(AMQPError) {
        let channel = try await connection.openChannel()
        do throws(AMQPError) {
            try await channel.declare(topology.calls(limitsDeliveries: connection.limitsDeliveries))
            await channel.close()
            differences = []
        } catch {
            guard error.replyCode == Self.preconditionFailed else { throw error }
            try await declareOneByOne(on: connection)
        }
    }

    /// Leaves a queue or an exchange as it is where another version declared it with other arguments, which cannot be
    /// changed.
    private func declareOneByOne(on connection: AMQPConnection) async throws(AMQPError) {
        differences = []
        for call in topology.calls(limitsDeliveries: connection.limitsDeliveries) {
            let channel = try await connection.openChannel()
            do throws(AMQPError) {
                try await channel.declare([call])
                await channel.close()
            } catch {
                guard error.replyCode == Self.preconditionFailed, let name = call.declaredName else {
                    throw error
                }
                differences.append(name)
            }
        }
    }

    private static let preconditionFailed: UInt16 = 406

    /// What is declared again, without what is known to be different.
    func declarations(on connection: AMQPConnection) -> [AMQPClientMethod] {
        topology.calls(limitsDeliveries: connection.limitsDeliveries).filter { call in
            !differences.contains { $0 == call.declaredName }
        }
    }

    /// Whether the broker drops what was redelivered often, unless a queue says otherwise; false without a connection.
    package var limitsDeliveries: Bool { connection?.limitsDeliveries ?? false }

    /// Product and version of the broker; nil while not connected.
    package var server: String? { connection?.server }

    private func updateBlocked() {
        guard let connection, connection.isOpen else { return }
        set(connection.blockedReason.map { .blocked(reason: $0) } ?? .ready)
    }

    private func connectionLost(_ error: AMQPError) {
        let hadConnection = connection != nil
        connection = nil
        pendingUsers = Deque()
        if state != .closed { set(.disconnected(error)) }
        if hadConnection { for user in users { user.detach(error) } }
        work.set()
    }

    private func requestShutdown() {
        stopping.set()
        work.set()
    }

    private func close() {
        guard state != .closed else { return }
        stopping.set()
        connection = nil
        for user in users { user.end() }
        users = []
        set(.closed)
    }

    private func set(_ state: State) {
        guard state != self.state else { return }
        self.state = state
        for observer in observers { observer(state) }
        stateChanges.resumeAll(returning: ())
    }

    // MARK: Users

    func add(_ user: any AMQPConnectionUser) {
        guard !stopping.isSet else { return user.end() }
        users.append(user)
        attach(user)
    }

    func remove(_ user: any AMQPConnectionUser) { users.removeAll { $0 === user } }

    /// Attaches a user, or attaches it again, to the current connection.
    func attach(_ user: any AMQPConnectionUser) {
        guard connection != nil, !pendingUsers.contains(where: { $0 === user }) else { return }
        pendingUsers.append(user)
        work.set()
    }

    /// Opens a channel for a sequence of calls and closes it afterwards.
    package func withChannel<Result>(
        _ body: @Loop (AMQPChannel) async throws(AMQPError) -> Result
    ) async throws(AMQPError) -> Result {
        guard let connection, connection.isOpen else { throw AMQPError(.notConnected) }
        let channel = try await connection.openChannel()
        do throws(AMQPError) {
            let result = try await body(channel)
            await channel.close()
            return result
        } catch {
            await channel.close()
            throw error
        }
    }
}

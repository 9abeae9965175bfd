package import EventLoop

/// What a client keeps alive over reconnects: a publisher or a consumer.
@Loop
protocol AMQPConnectionUser: AnyObject {
    /// Begins work on a new connection (or again on the same, after its channel broke).
    func attach(to connection: AMQPConnection) async throws(AMQPError)
    /// The connection is gone; another may come.
    func detach(_ error: AMQPError)
    /// No connection will come any more.
    func end()
}

/// A connection that comes back: reconnects with jittered backoff, declares the topology again, and puts
/// its publishers and consumers back to work.
///
/// Publish and consume on two clients: a broker in alarm stops reading from connections that publish, acks
/// included.
@Loop
package final class AMQPClient {
    package enum State: Sendable, Equatable {
        case connecting
        /// Connected, declared, publishers and consumers at work.
        case ready
        /// The broker takes no publishes; consuming goes on.
        case blocked(reason: String)
        /// The next attempt follows.
        case disconnected(AMQPError)
        case closed
    }

    /// Between two attempts to connect.
    private static let longestPause = Duration.seconds(5)

    package let configuration: AMQPConfiguration
    package let topology: AMQPTopology
    package private(set) var state = State.connecting
    /// The connection, while there is one.
    package private(set) var connection: AMQPConnection?

    private var users: [any AMQPConnectionUser] = []
    private var pendingUsers: [any AMQPConnectionUser] = []
    private var observers: [@Loop (State) -> Void] = []
    private var isShuttingDown = false
    private var isRunning = false
    /// The running loop, while it waits for something to do.
    private var idle: LoopContinuation<Void>?
    private var waiting: [LoopContinuation<Void>] = []
    private var task: Task<Void, Never>?

    package init(_ configuration: AMQPConfiguration, topology: AMQPTopology = AMQPTopology()) {
        self.configuration = configuration
        self.topology = topology
    }

    // MARK: Life

    /// Keeps the connection up until `shutdown` or cancellation, and closes it cleanly.
    package func run() async {
        precondition(!isRunning, "a client runs once")
        isRunning = true
        await withTaskCancellationHandler {
            await keepConnected()
        } onCancel: {
            Task { @Loop in self.requestShutdown() }
        }
    }

    /// `run` in a task that `shutdown` waits for.
    package func start() {
        precondition(task == nil)
        task = Loop.task { await self.run() }
    }

    /// Closes the connection cleanly and ends `run`.
    package func shutdown() async {
        requestShutdown()
        guard isRunning || task != nil else { return close() }
        while state != .closed { await changeOfState(from: state) }
        await task?.value
    }

    /// Waits until the client is ready (or blocked: it is connected then).
    package func untilReady(within limit: Duration) async throws(AMQPError) {
        let deadline = Loop.now + limit
        var isLate = false
        let timer = Timer { [weak self] in
            isLate = true
            self?.wakeWaiting()
        }
        timer.arm(at: deadline)
        defer { timer.cancel() }
        while true {
            switch state {
            case .ready, .blocked: return
            case .closed: throw AMQPError(.closed)
            case .disconnected(let error): if isLate { throw error }
            case .connecting: if isLate { throw AMQPError(.notConnected, "not ready in time") }
            }
            await changeOfState(from: state, unless: { isLate })
        }
    }

    /// Returns when the state is another one, or when somebody wakes those that wait. A caller that does not live
    /// on the loop may lose its turn on the way here, so the state is looked at again.
    private func changeOfState(from seen: State, unless isOver: () -> Bool = { false }) async {
        await Loop.suspend { resumption in
            if state != seen || isOver() { resumption.resume() } else { waiting.append(resumption) }
        }
    }

    /// Called with every new state; for readiness, logs and metrics.
    package func onStateChange(_ observer: @escaping @Loop (State) -> Void) { observers.append(observer) }

    package var isReady: Bool { state == .ready }

    private func keepConnected() async {
        var backoff = Backoff(cap: Self.longestPause)
        while !isShuttingDown {
            let start = Instant.systemNow()
            do throws(AMQPError) {
                let connection = try await AMQPConnection.open(configuration)
                self.connection = connection
                try await serve(connection)
            } catch {
                connectionLost(error)
            }
            if isShuttingDown { break }
            // A connection that held was not part of the trouble.
            if start.duration(to: .systemNow()) > Self.longestPause { backoff.reset() }
            await pause(for: backoff.next())
        }
        close()
    }

    /// Declares, attaches, and then attaches again what asks for it, until the connection ends.
    private func serve(_ connection: AMQPConnection) async throws(AMQPError) {
        connection.onClosed = { [weak self] error in self?.connectionLost(error) }
        connection.onBlocked = { [weak self] in self?.updateBlocked() }
        pendingUsers = users
        try await declare(on: connection)
        while connection.failure == nil, !isShuttingDown {
            while !pendingUsers.isEmpty {
                let user = pendingUsers.removeFirst()
                do throws(AMQPError) {
                    try await user.attach(to: connection)
                } catch {
                    connection.fail(error)
                    throw error
                }
            }
            if let failure = connection.failure { throw failure }
            if isShuttingDown { break }
            updateBlocked()
            await Loop.suspend { idle = $0 }
        }
        await connection.close()
    }

    private func declare(on connection: AMQPConnection) async throws(AMQPError) {
        do throws(AMQPError) {
            let channel = try await connection.openChannel()
            try await channel.declare(topology)
            await channel.close()
        } catch {
            connection.fail(error)
            throw error
        }
    }

    private func updateBlocked() {
        guard let connection, connection.isOpen else { return }
        set(connection.blockedReason.map { .blocked(reason: $0) } ?? .ready)
    }

    private func connectionLost(_ error: AMQPError) {
        let hadConnection = connection != nil
        connection = nil
        pendingUsers = []
        set(.disconnected(error))
        if hadConnection { for user in users { user.detach(error) } }
        wakeIdle()
    }

    private func pause(for delay: Duration) async {
        let timer = Timer { [weak self] in self?.wakeIdle() }
        timer.arm(after: delay)
        await Loop.suspend { idle = $0 }
        timer.cancel()
    }

    private func requestShutdown() {
        isShuttingDown = true
        wakeIdle()
    }

    private func close() {
        guard state != .closed else { return }
        isShuttingDown = true
        connection = nil
        for user in users { user.end() }
        users = []
        set(.closed)
    }

    private func set(_ state: State) {
        guard state != self.state else { return }
        self.state = state
        for observer in observers { observer(state) }
        wakeWaiting()
    }

    private func wakeIdle() {
        idle?.resume()
        idle = nil
    }

    private func wakeWaiting() {
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    // MARK: Participants

    func add(_ user: any AMQPConnectionUser) {
        guard !isShuttingDown else { return user.end() }
        users.append(user)
        attach(user)
    }

    func remove(_ user: any AMQPConnectionUser) {
        users.removeAll { $0 === user }
        pendingUsers.removeAll { $0 === user }
    }

    /// Attaches a user (again) to the connection there is.
    func attach(_ user: any AMQPConnectionUser) {
        guard connection != nil, !pendingUsers.contains(where: { $0 === user }) else { return }
        pendingUsers.append(user)
        wakeIdle()
    }

    /// A channel of its own for a sequence of calls, closed afterwards.
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

package import EventLoop

/// A bounded set of sessions, opened on demand and lent to one caller at a time, first come first served.
///
/// Broken sessions are discarded and replaced, with jittered backoff while the server is unavailable. One that owes an
/// answer is replaced at once, and comes back if the answer does. A session returned during a transaction is closed;
/// `SET`, `LISTEN` and temporary tables persist on it, so do not use them.
@Loop
package final class PostgresPool: Service {
    package let configuration: PostgresConfiguration
    package let limits: PostgresPoolLimits
    /// Called when the health changes.
    package var onHealth: (@Loop (PostgresPoolHealth) -> Void)?
    /// Warnings and notices of all sessions; they may quote data.
    package var onNotice: (@Loop (PostgresDiagnostics) -> Void)?
    package private(set) var health = PostgresPoolHealth.unknown

    /// Whether the session that was opened last is read-only.
    private var isReadOnly = false
    private var refused: (error: PostgresError, at: Instant)?
    /// For so long after it, the server counts as one that refuses: nobody may be asking it meanwhile.
    private static let refusalLifetime = Duration.seconds(5)

    /// Why the server cannot be used, or refuses what it is asked for; nil when it can.
    package var fault: PostgresError? {
        if let error = health.error { return error }
        if let refused, Loop.now < refused.at + Self.refusalLifetime { return refused.error }
        return isReadOnly ? .readOnly : nil
    }

    private struct Idle {
        let connection: PostgresConnection
        let since: Instant
    }

    /// The most recently used is lent first, so that surplus ones become idle.
    private var idle: [Idle] = []
    private var leased: Set<ObjectIdentifier> = []
    /// Returned by callers that gave up, before the server answered; not counted in the size, and no more than it.
    private var late: [PostgresConnection] = []
    private var openedAt: [ObjectIdentifier: Instant] = [:]
    private var opening: [Int: Task<Void, Never>] = [:]
    private var checking: Task<Void, Never>?
    private typealias Answer = Result<PostgresConnection, PostgresError>
    /// Callers that wait for a session.
    private let waiters: WaiterQueue<Answer>
    private var openings = 0
    private var backoff: Backoff
    private(set) var isClosing = false
    /// Set when every session has been returned, or the close deadline has passed.
    private let drained = AsyncSignal()
    /// Retries also without waiting callers, who would learn from the health that it makes no sense to ask, and with
    /// sessions that are open, which do not show that the server admits others.
    private lazy var retryTimer = Timer { [weak self] in
        if let self { openAsNeeded(atLeast: min(count + 1, limits.size)) }
    }
    private lazy var checkTimer = Timer { [weak self] in self?.checkIdle() }

    package init(_ configuration: PostgresConfiguration, limits: PostgresPoolLimits = PostgresPoolLimits()) {
        self.configuration = configuration
        self.limits = limits
        waiters = WaiterQueue(limit: limits.waiters)
        backoff = limits.backoff
    }

    package var statistics: PostgresPoolStatistics {
        PostgresPoolStatistics(
            idle: idle.count, leased: leased.count, opening: opening.count, waiting: waiters.count)
    }

    /// Opens a first session and retries until it is open; returns at once. Otherwise the first caller opens
    /// it.
    package func openFirst() { openAsNeeded(atLeast: 1) }

    // MARK: Acquiring

    /// Lends a session to `body`.
    /// - Parameter wait: for a session to become idle; then `.poolExhausted`, or why none could be opened.
    @discardableResult
    package func withConnection<Value>(
        wait: Duration? = nil, _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await acquire(wait: wait ?? limits.wait)
        defer { release(connection) }
        return try await body(connection)
    }

    func acquire(wait: Duration) async throws(PostgresError) -> PostgresConnection {
        // Somebody is trying to open one all the time.
        if case .unavailable(let cause) = health, idle.isEmpty, leased.isEmpty, retryTimer.isArmed {
            throw cause
        }
        let result = await waiters.wait(
            until: Loop.now + wait, unless: { available() }, enqueued: { _ in openAsNeeded() })
        switch result {
        case .value(let answer): return try answer.get()
        case .cancelled: throw PostgresError(.poolExhausted, "the wait for a session was cancelled")
        case .overloaded: throw PostgresError(.poolExhausted, "\(waiters.count) callers wait for a session")
        case .timedOut:
            if case .unavailable(let cause) = health { throw cause }
            throw PostgresError(.poolExhausted, "no session became available in time")
        }
    }

    private func available() -> Answer? {
        if isClosing { return .failure(PostgresError(.closed, "the pool is closed")) }
        while let session = idle.popLast() {
            if session.connection.isOpen { return .success(lease(session.connection)) }
        }
        return nil
    }

    private func lease(_ connection: PostgresConnection) -> PostgresConnection {
        leased.insert(ObjectIdentifier(connection))
        return connection
    }

    func release(_ connection: PostgresConnection) {
        leased.remove(ObjectIdentifier(connection))
        takeBack(connection)
        openAsNeeded()
        if leased.isEmpty { drained.set() }
    }

    private func takeBack(_ connection: PostgresConnection) {
        if !isClosing, connection.isReusable, !isExpired(connection) { return offer(connection) }
        guard !isClosing, connection.isOpen, connection.pendingRequests > 0, late.count < limits.size else {
            return connection.pendingRequests > 0 ? connection.abandon() : connection.close()
        }
        late.append(connection)
        connection.onIdle = { [weak self, unowned connection] in self?.answered(connection) }
    }

    /// A late session has answered.
    private func answered(_ connection: PostgresConnection) {
        connection.onIdle = nil
        late.removeAll { $0 === connection }
        // There may be no room for another session, whose opening would show it.
        reached()
        takeBack(connection)
    }

    private func reached() {
        backoff.reset()
        retryTimer.cancel()
        change(.available)
    }

    private func offer(_ connection: PostgresConnection) {
        if !waiters.isEmpty {
            waiters.resumeFirst(returning: .success(lease(connection)))
            return
        }
        idle.append(Idle(connection: connection, since: Loop.now))
        if !checkTimer.isArmed { checkTimer.arm(after: limits.idleCheck) }
    }

    // MARK: Opening

    private var count: Int { idle.count + leased.count + opening.count + (checking == nil ? 0 : 1) }

    private func openAsNeeded(atLeast minimum: Int = 0) {
        guard !isClosing, !retryTimer.isArmed else { return }
        // While the server is unavailable one attempt at a time is enough.
        let capacity =
            backoff.failures > 0 ? min(1, limits.size - count) - opening.count : limits.size - count
        let wanted = max(waiters.count - opening.count, minimum - count)
        for _ in 0..<max(0, min(capacity, wanted)) { open() }
    }

    private func open() {
        openings += 1
        let number = openings
        opening[number] = Loop.task { [self] in
            do throws(PostgresError) {
                let connection = try await PostgresConnection.connect(configuration)
                opening[number] = nil
                opened(connection)
            } catch {
                opening[number] = nil
                failedToOpen(error)
            }
        }
    }

    private func opened(_ connection: PostgresConnection) {
        guard !isClosing else { return connection.close() }
        openedAt[ObjectIdentifier(connection)] = Loop.now
        connection.onNotice = { [weak self] report in self?.onNotice?(report) }
        isReadOnly = connection.isReadOnly
        connection.onRefusal = { [weak self] in self?.note($0) }
        connection.onClose = { [weak self, unowned connection] error in self?.lost(connection, error) }
        reached()
        offer(connection)
        openAsNeeded()
    }

    private func failedToOpen(_ error: PostgresError) {
        guard !isClosing else { return }
        retryTimer.arm(after: backoff.next())
        change(.unavailable(error))
    }

    private func lost(_ connection: PostgresConnection, _ error: PostgresError?) {
        openedAt[ObjectIdentifier(connection)] = nil
        idle.removeAll { $0.connection === connection }
        late.removeAll { $0 === connection }
        // The last one is replaced even without waiting callers, to keep the health up to date.
        if error != nil { openAsNeeded(atLeast: 1) }
    }

    private func note(_ refusal: PostgresError) {
        let isNew = fault == nil
        refused = (refusal, Loop.now)
        if isNew { onHealth?(health) }
    }

    private func change(_ health: PostgresPoolHealth) {
        let isChanged = health.isAvailable != self.health.isAvailable || backoff.failures == 1
        self.health = health
        if isChanged { onHealth?(health) }
    }

    // MARK: Idle sessions

    private func isExpired(_ connection: PostgresConnection) -> Bool {
        guard let start = openedAt[ObjectIdentifier(connection)] else { return true }
        return start.duration(to: Loop.now) > limits.lifetime
    }

    /// Closes surplus sessions and pings the others, one after the other.
    private func checkIdle() {
        guard !isClosing, checking == nil else { return }
        let limit = Loop.now - limits.idleCheck
        while idle.count > limits.idle, let oldest = idle.first, oldest.since <= limit {
            idle.removeFirst()
            oldest.connection.close()
        }
        guard let oldest = idle.first, oldest.since <= limit else {
            if let oldest = idle.first { checkTimer.arm(at: oldest.since + limits.idleCheck) }
            return
        }
        idle.removeFirst()
        checking = Loop.task { [self] in
            if isExpired(oldest.connection) {
                oldest.connection.close()
            } else {
                // A failure closes the session; nothing else is needed.
                try? await oldest.connection.ping()
            }
            checking = nil
            if isClosing {
                oldest.connection.close()
            } else if oldest.connection.isOpen {
                offer(oldest.connection)
            }
            checkIdle()
        }
    }

    // MARK: Closing

    package func drain(until deadline: Instant) async {
        await close(within: max(.zero, Loop.now.duration(to: deadline)))
    }

    /// Refuses new and waiting callers, waits up to `limit` for sessions to be returned, and closes them.
    package func close(within limit: Duration = .seconds(5)) async {
        guard !isClosing else { return }
        isClosing = true
        retryTimer.cancel()
        checkTimer.cancel()
        waiters.resumeAll(returning: .failure(PostgresError(.closed, "the pool is closing")))
        if !leased.isEmpty {
            await drained.wait(within: limit)
        }
        for connection in late + idle.map(\.connection) { connection.close() }
        (late, idle) = ([], [])
        let tasks = Array(opening.values) + [checking].compactMap(\.self)
        for task in tasks { await task.value }
    }
}

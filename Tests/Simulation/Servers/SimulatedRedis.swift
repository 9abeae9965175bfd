import EventLoop
import MemoryAdapters
import Orders
import WorkflowState

/// Redis: the in-memory drivers behind a network.
@Loop
final class SimulatedRedis {
    let server = SimulatedServer("redis")
    let state = MemoryState()
    let workflows: MemoryWorkflowStore
    let mailboxes: MemoryMailboxStore
    let keys: MemoryIdempotencyStore
    private var seen = Loop.now
    private var channels: [SimulatedChannels] = []
    private var copy: MemoryState.Copy?

    init(_ retention: Retention) {
        workflows = MemoryWorkflowStore(state, retention)
        mailboxes = MemoryMailboxStore(state, retention)
        keys = MemoryIdempotencyStore(state, retention)
    }

    /// Whether each answer of the last seconds came.
    var isSteady: Bool {
        server.isUp && !server.isSilent && server.latency.upperBound < 5_000
            && server.wokeAt < Loop.now - .seconds(12)
    }

    func add(_ channels: SimulatedChannels) { self.channels.append(channels) }
    func remove(_ channels: SimulatedChannels) { self.channels.removeAll { $0 === channels } }

    /// Its clock is that of the simulation.
    func tick() {
        state.advance(by: seen.duration(to: Loop.now))
        seen = Loop.now
    }

    // MARK: Faults

    /// What a replica would have, or the last save.
    func save() {
        tick()
        copy = state.copy
    }

    /// Loses what was written since the last save, as a crash with a lazy log or a failover to a replica that lags.
    func loseLastWrites() {
        tick()
        if let copy { state.replace(with: copy) } else { state.flush() }
        state.changeLineage()
    }

    func loseEverything() {
        tick()
        state.flush()
    }

    func stop() {
        server.stop()
        for one in channels { one.disconnect() }
    }

    func start() {
        server.start()
        state.changeLineage()
        for one in channels { one.reconnect() }
    }

    /// Cuts the subscriptions alone.
    func dropChannels() {
        for one in channels { one.renew() }
    }
}

extension WorkflowStateError {
    static let away = WorkflowStateError(.unavailable, isRetriable: true)
    static let late = WorkflowStateError(.unavailable, isRetriable: true, outcomeIsUnknown: true)
}

/// What the stores of one process have in common.
@Loop
class RedisPort {
    let redis: SimulatedRedis
    let link: Link

    init(_ redis: SimulatedRedis, _ link: Link) {
        self.redis = redis
        self.link = link
    }

    func ask<Value: Sendable>(
        _ body: @escaping @Loop () async throws(WorkflowStateError) -> Value
    ) async throws(WorkflowStateError) -> Value {
        try await link.call(WorkflowStateError.away, .late) { [redis] () throws(WorkflowStateError) in
            redis.tick()
            return try await body()
        }
    }
}

final class SimulatedWorkflows: RedisPort, WorkflowStore {
    private var store: MemoryWorkflowStore { redis.workflows }

    func accept(_ acceptance: Acceptance) async throws(WorkflowStateError) {
        try await ask { [store] () throws(WorkflowStateError) in try await store.accept(acceptance) }
    }

    func withdraw(_ order: QueuedOrder) async throws(WorkflowStateError) {
        try await ask { [store] () throws(WorkflowStateError) in try await store.withdraw(order) }
    }

    func advance(_ steps: [WorkflowStep]) async throws(WorkflowStateError) -> [WorkflowOutcome] {
        try await ask { [store] () throws(WorkflowStateError) in try await store.advance(steps) }
    }

    func workflow(_ id: CorrelationID) async throws(WorkflowStateError) -> Workflow? {
        try await ask { [store] () throws(WorkflowStateError) in try await store.workflow(id) }
    }

    func owners(of ids: [CorrelationID]) async throws(WorkflowStateError) -> [RememberedOwner?] {
        try await ask { [store] () throws(WorkflowStateError) in try await store.owners(of: ids) }
    }

    func pending(_ id: OrderID, of user: UserID) async throws(WorkflowStateError) -> [UInt8]? {
        try await ask { [store] () throws(WorkflowStateError) in try await store.pending(id, of: user) }
    }

    func pending(of user: UserID, limit: Int) async throws(WorkflowStateError) -> [PendingOrderState] {
        try await ask { [store] () throws(WorkflowStateError) in
            try await store.pending(of: user, limit: limit)
        }
    }

    func copies(of orders: [QueuedOrder]) async throws(WorkflowStateError) -> [OrderCopies] {
        try await ask { [store] () throws(WorkflowStateError) in try await store.copies(of: orders) }
    }

    func forget(_ order: QueuedOrder, isCancelled: Bool) async throws(WorkflowStateError) {
        try await ask { [store] () throws(WorkflowStateError) in
            try await store.forget(order, isCancelled: isCancelled)
        }
    }

    func queued(after last: QueuedOrder?, limit: Int) async throws(WorkflowStateError) -> [QueuedOrder] {
        try await ask { [store] () throws(WorkflowStateError) in
            try await store.queued(after: last, limit: limit)
        }
    }

    func renewQueued(after last: QueuedOrder?, limit: Int) async throws(WorkflowStateError) -> QueuedOrder? {
        try await ask { [store] () throws(WorkflowStateError) in
            try await store.renewQueued(after: last, limit: limit)
        }
    }
}

final class SimulatedMailboxes: RedisPort, MailboxStore {
    func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [DeliveryOutcome] {
        try await ask { [redis] () throws(WorkflowStateError) in try await redis.mailboxes.deliver(deliveries)
        }
    }

    func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History] {
        try await ask { [redis] () throws(WorkflowStateError) in try await redis.mailboxes.history(requests) }
    }
}

final class SimulatedKeys: RedisPort, IdempotencyStore {
    func reserve(_ lease: IdempotencyLease) async throws(WorkflowStateError) -> Reservation {
        try await ask { [redis] () throws(WorkflowStateError) in try await redis.keys.reserve(lease) }
    }

    func complete(_ lease: IdempotencyLease, response: [UInt8]) async throws(WorkflowStateError) {
        try await ask { [redis] () throws(WorkflowStateError) in
            try await redis.keys.complete(lease, response: response)
        }
    }

    func release(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        try await ask { [redis] () throws(WorkflowStateError) in try await redis.keys.release(lease) }
    }
}

/// The subscriptions of one process: messages arrive later, in order; those of a connection that ended are lost.
@Loop
final class SimulatedChannels: UserChannels {
    private let link: Link
    private let redis: SimulatedRedis
    private let memory: MemoryUserChannels
    private var users: [UserID] = []
    private var arriving: [(at: Instant, user: UserID, message: Publication)] = []
    private var isConnected = true
    private lazy var timer = Timer { [weak self] in self?.arrive() }
    private var reconnecting: Task<Void, Never>?
    var onMessage: (@Loop (UserID, Publication) -> Void)?
    var onRestored: (@Loop ([UserID]) -> Void)?

    init(_ redis: SimulatedRedis, _ link: Link) {
        self.redis = redis
        self.link = link
        memory = MemoryUserChannels(redis.state)
        redis.add(self)
        memory.onMessage = { [weak self] user, message in self?.sent(message, user) }
    }

    func listen(for user: UserID) async throws(WorkflowStateError) {
        if !users.contains(user) { users.append(user) }
        guard isConnected else { throw .away }
        try await link.call(WorkflowStateError.away, .late) { [memory] () throws(WorkflowStateError) in
            try await memory.listen(for: user)
        }
    }

    func stopListening(for user: UserID) {
        users.removeAll { $0 == user }
        memory.stopListening(for: user)
    }

    private func sent(_ message: Publication, _ user: UserID) {
        guard isConnected, link.process.isAlive, !link.isCut else { return }
        let at = max(
            Loop.now + .microseconds(Int.drawn(in: link.server.latency)), arriving.last?.at ?? Loop.now)
        arriving.append((at, user, message))
        if !timer.isArmed { timer.arm(at: at) }
    }

    private func arrive() {
        while let first = arriving.first, first.at <= Loop.now {
            arriving.removeFirst()
            if link.process.isAlive { onMessage?(first.user, first.message) }
        }
        if let next = arriving.first { timer.arm(at: next.at) }
    }

    func disconnect() {
        isConnected = false
        arriving = []
    }

    func reconnect() {
        reconnecting?.cancel()
        reconnecting = Loop.task { [weak self] in
            try? await Loop.sleep(for: .milliseconds(Int.drawn(in: 10...1_500)))
            guard let self, !Task.isCancelled, link.server.isUp, link.process.isAlive else { return }
            for user in users { try? await memory.listen(for: user) }
            isConnected = true
            if !users.isEmpty { onRestored?(users) }
        }
    }

    func renew() {
        disconnect()
        reconnect()
    }

    func close() {
        reconnecting?.cancel()
        redis.remove(self)
    }
}

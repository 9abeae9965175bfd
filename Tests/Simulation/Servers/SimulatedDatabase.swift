import EventLoop
import OrderRecords
import Orders
import WorkflowState

@testable import OrderAccept

/// PostgreSQL: the tables behind a network, with the ports of one process.
@Loop
final class SimulatedDatabase {
    let server = SimulatedServer("postgres")
    let tables = SimulatedTables()
    /// Some transactions are aborted, as when they cannot be serialized.
    var isContended = false

    /// Now, or a moment ago.
    var mayBeAway: Bool {
        !server.isUp || server.isSilent || server.latency.upperBound > 100_000
            || server.wokeAt > Loop.now - .seconds(3)
    }

    var abortsThis: Bool { isContended && drawn(onceIn: 3) }

    func stop() {
        server.stop()
        tables.releaseAllLocks()
    }
}

extension OrderRecordsError {
    static let away = OrderRecordsError(.unavailable, "away")
}

/// The ports of order-process and order-notification.
@Loop
final class SimulatedRecords: OrderStore, Outbox, Intake, OrderOwners {
    private let database: SimulatedDatabase
    private let tables: SimulatedTables
    private let link: Link
    private let products: [ProductID: Currency]

    init(_ database: SimulatedDatabase, _ link: Link, products: [ProductID: Currency] = [:]) {
        self.database = database
        tables = database.tables
        self.link = link
        self.products = products
    }

    private func ask<Value: Sendable>(
        _ body: @escaping @Loop () throws(OrderRecordsError) -> Value
    ) async throws(OrderRecordsError) -> Value {
        try await link.call(OrderRecordsError.away, .away) { [database] () throws(OrderRecordsError) in
            if database.abortsThis { throw OrderRecordsError(.contended, "aborted") }
            return try body()
        }
    }

    /// The table whose rows a transaction has locked.
    private enum Swept {
        case outbox, intake
    }

    @Loop
    private final class Session {
        var isOver = false
    }

    /// In a transaction, whose locks end with its session.
    private func transact<Value: Sendable>(
        _ swept: Swept, _ body: @escaping @Loop () throws(OrderRecordsError) -> Value
    ) async throws(OrderRecordsError) -> Value {
        let session = Session()
        let process = link.process
        do throws(OrderRecordsError) {
            return try await ask { () throws(OrderRecordsError) in
                // Its client has given up: the server finds the connection closed.
                if session.isOver || !process.isAlive { throw .away }
                return try body()
            }
        } catch {
            session.isOver = true
            switch swept {
            case .outbox: tables.abortRelay(process)
            case .intake: tables.abortIntake(process)
            }
            throw error
        }
    }

    func record(_ records: [OrderRecord]) async throws(OrderRecordsError) -> [RecordedOrder?] {
        try await ask { [tables] () throws(OrderRecordsError) in try tables.record(records) }
    }

    /// With a delay; lost when the process or the server ends before.
    func markPublished(_ events: [EventKey]) {
        if events.isEmpty { return }
        Loop.task { [self] in
            try? await Loop.sleep(for: .milliseconds(Int.drawn(in: 1...100)))
            try? await ask { [tables] () throws(OrderRecordsError) in tables.markPublished(events) }
        }
    }

    func currencies() async throws(OrderRecordsError) -> [ProductID: Currency] {
        try await ask { [products] () throws(OrderRecordsError) in products }
    }

    func sweep(
        olderThan age: Duration, limit: Int, _ publish: @Loop ([UnpublishedEvent]) async -> [Bool]
    ) async throws(OrderRecordsError) -> Sweep? {
        let process = link.process
        let found = try await transact(.outbox) { [tables] () throws(OrderRecordsError) in
            tables.beginRelay(process, olderThan: age, limit: limit)
        }
        guard let events = found else { return nil }
        tables.relayBegins(process, generation: link.server.generation)
        defer { tables.relayEnds(process) }
        let published =
            events.isEmpty
            ? [] : zip(events, await publish(events)).compactMap { $1 ? $0.key : nil }
        let isCommitted = try await transact(.outbox) { [tables] () throws(OrderRecordsError) in
            tables.endRelay(process, published: published)
        }
        guard isCommitted else { throw .away }
        return Sweep(found: events.count, published: published.count)
    }

    func backlog() async throws(OrderRecordsError) -> OutboxBacklog {
        try await ask { [tables] () throws(OrderRecordsError) in
            OutboxBacklog(count: tables.outbox.count, age: .zero)
        }
    }

    func sweep(
        limit: Int, _ handle: @Loop ([IntakeEntry]) async -> [Bool]
    ) async throws(OrderRecordsError) -> (found: Int, removed: Int) {
        let process = link.process
        let taken = try await transact(.intake) { [tables] () throws(OrderRecordsError) in
            tables.beginIntake(process, limit: limit)
        }
        if taken.isEmpty { return (0, 0) }
        let entries = taken.map { IntakeEntry(payload: $0.order.payload, metadata: $0.order.metadata) }
        let removed = zip(taken, await handle(entries)).compactMap { $1 ? $0.order.correlationID : nil }
        let isCommitted = try await transact(.intake) { [tables] () throws(OrderRecordsError) in
            tables.endIntake(process, removed: removed)
        }
        guard isCommitted else { throw .away }
        return (taken.count, removed.count)
    }

    func owners(of ids: [CorrelationID]) async throws(OrderRecordsError) -> [CorrelationID: OrderOwner] {
        try await ask { [tables] () throws(OrderRecordsError) in tables.owners(of: ids) }
    }
}

/// The ports of order-accept.
@Loop
final class SimulatedQueries: OrderQueries, OrderIntake {
    private let database: SimulatedDatabase
    private let tables: SimulatedTables
    private let link: Link

    init(_ database: SimulatedDatabase, _ link: Link) {
        self.database = database
        tables = database.tables
        self.link = link
    }

    private func ask<Value: Sendable>(
        within limit: Duration? = nil, _ body: @escaping @Loop (SimulatedTables) -> Value
    ) async throws(OrderQueryError) -> Value {
        try await link.call(
            OrderQueryError(reason: "away"), OrderQueryError(reason: "late", isOutcomeUnknown: true),
            within: limit
        ) { [database] () throws(OrderQueryError) in body(database.tables) }
    }

    /// A question of one statement is never aborted, a change may be.
    private func change<Value: Sendable>(
        _ body: @escaping @Loop (SimulatedTables) -> Value
    ) async throws(OrderQueryError) -> Value {
        try await link.call(
            OrderQueryError(reason: "away"), OrderQueryError(reason: "late", isOutcomeUnknown: true)
        ) { [database] () throws(OrderQueryError) in
            if database.abortsThis { throw OrderQueryError(reason: "aborted") }
            return body(database.tables)
        }
    }

    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> StoredOrder? {
        try await ask { $0.order(id, of: user) }
    }

    func order(
        placedWith key: IdempotencyKey, within limit: Duration
    ) async throws(OrderQueryError) -> Order? {
        try await ask(within: limit) { $0.order(placedWith: key) }
    }

    func outcomes(of ids: [CorrelationID]) async throws(OrderQueryError) -> [CorrelationID: RecordedOutcome] {
        try await ask { $0.outcomes(of: ids) }
    }

    func recorded(_ ids: [OrderID]) async throws(OrderQueryError) -> Set<OrderID> {
        try await ask { $0.recorded(ids) }
    }

    func page(of user: UserID, _ range: PageRange, pending: [StoredOrder]) async throws(OrderQueryError)
        -> OrderPage
    {
        try await ask { $0.page(of: user, range, pending: pending) }
    }

    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport? {
        try await ask { $0.status(id, of: user) }
    }

    func cancel(
        _ cancellation: OrderCancellation, isDeletion: Bool
    ) async throws(OrderQueryError) -> OrderStatus? {
        try await change { $0.cancel(cancellation, isDeletion: isDeletion) }
    }

    func markPublished(_ event: EventKey) async throws(OrderQueryError) {
        try await change { $0.markPublished([event]) }
    }

    func delete(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> CorrelationID? {
        try await change { $0.delete(id, of: user) }
    }

    // MARK: OrderIntake

    var isAvailable: Bool { link.isUsable }

    func take(_ order: IntakeOrder) async throws(OrderIntakeError) {
        let isTaken = try await link.call(
            OrderIntakeError(reason: "away", isOutcomeUnknown: false),
            OrderIntakeError(reason: "late", isOutcomeUnknown: true), within: .seconds(1)
        ) { [tables] () throws(OrderIntakeError) in tables.take(order) }
        guard isTaken else { throw .keyTaken }
    }
}

/// Order ids in blocks from the database's sequence.
@Loop
final class SimulatedIdentifiers: OrderIDSource {
    private let tables: SimulatedTables
    private var block: ClosedRange<Int64>?
    private var last: Int64 = 0

    init(_ database: SimulatedDatabase) { tables = database.tables }

    func next() -> OrderID? {
        if block.map({ last >= $0.upperBound }) ?? true {
            block = tables.nextIDs(50)
            last = block!.lowerBound - 1
        }
        last += 1
        return OrderID(last)
    }
}

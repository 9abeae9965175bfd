import EventLoop
import JSON
import OrderEvents
import OrderRecords
import Orders
import Postgres
import WorkflowState

/// ``OrderQueries`` in PostgreSQL, by a role that reads, and writes through a few functions.
@Loop
final class PostgresOrderQueries: OrderQueries {
    private let pool: PostgresPool

    /// Of orders in the intake table, in a list.
    private static let takenLimit = 256

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> StoredOrder? {
        try await mappingErrors { () throws(PostgresError) in
            if let row = try await pool.query(OrderQueryStatements.order, id.value, user.value).first {
                return StoredOrder(
                    order: try OrderQueryRows.order(row, of: user),
                    history: try OrderQueryRows.history(row, 8),
                    isRecorded: true)
            }
            guard let row = try await pool.query(OrderQueryStatements.taken, id.value, user.value).first,
                let accepted = try OrderQueryRows.accepted(row), let order = Order(accepted)
            else { return nil }
            return StoredOrder(order: order, isRecorded: false, idempotencyKey: accepted.idempotencyKey)
        }
    }

    func order(
        placedWith key: IdempotencyKey, within limit: Duration
    ) async throws(OrderQueryError) -> Order? {
        if case .unavailable(let cause) = pool.health { throw OrderQueryError(reason: "\(cause)") }
        return try await mappingErrors { () throws(PostgresError) in
            let answers = try await pool.pipeline(wait: limit, within: limit) { batch in
                batch.add(OrderQueryStatements.byKey, key.user.value, key.key)
                batch.add(OrderQueryStatements.takenByKey, key.user.value, key.key)
            }
            if let row = answers[0].first { return try OrderQueryRows.order(row, of: key.user) }
            return try answers[1].first.flatMap { row throws(PostgresError) in
                try OrderQueryRows.accepted(row).flatMap { Order($0) }
            }
        }
    }

    func outcomes(
        of ids: [CorrelationID]
    ) async throws(OrderQueryError) -> [CorrelationID: RecordedOutcome] {
        try await mappingErrors { () throws(PostgresError) in
            let keys = ids.map { PostgresUUID(high: $0.high, low: $0.low) }
            var outcomes: [CorrelationID: RecordedOutcome] = [:]
            for row in try await pool.query(OrderQueryStatements.outcomes, keys) {
                let key = try row.uuid(0)
                outcomes[CorrelationID(high: key.high, low: key.low)] = RecordedOutcome(
                    orderID: try OrderQueryRows.id(row, 1), status: try OrderQueryRows.status(row, 2))
            }
            return outcomes
        }
    }

    func recorded(_ ids: [OrderID]) async throws(OrderQueryError) -> Set<OrderID> {
        try await mappingErrors { () throws(PostgresError) in
            var recorded: Set<OrderID> = []
            for range in Self.ranges(of: ids) {
                for row in try await pool.query(
                    OrderQueryStatements.recordedRange, range.lowerBound.value, range.upperBound.value)
                {
                    recorded.insert(try OrderQueryRows.id(row, 0))
                }
            }
            return recorded
        }
    }

    /// Ranges that have no large gaps, such as the one between two blocks of a replica.
    private static func ranges(of ids: [OrderID]) -> [ClosedRange<OrderID>] {
        var ranges: [ClosedRange<OrderID>] = []
        for id in ids.sorted() {
            if let last = ranges.last, id.value - last.upperBound.value < 1_000 {
                ranges[ranges.count - 1] = last.lowerBound...id
            } else {
                ranges.append(id...id)
            }
        }
        return ranges
    }

    func page(
        of user: UserID, _ range: PageRange, pending: [StoredOrder]
    ) async throws(OrderQueryError) -> OrderPage {
        try await mappingErrors { () throws(PostgresError) in
            var pending = try await withTaken(pending, user)
            while true {
                let ids = pending.map(\.order.id.value)
                let (keys, totals) = (pending.map(\.idempotencyKey), pending.map(\.order.total.hundredths))
                let answers = try await pool.pipeline { batch in
                    batch.add(OrderQueryStatements.count, user.value, Int64(OrderPage.countLimit))
                    add(range, of: user, pending: ids.count, to: &batch)
                    // After the page, so that no order is on it as recorded and as pending.
                    if !ids.isEmpty {
                        batch.add(OrderQueryStatements.recordedOrRepeated, ids, keys, totals, user.value)
                    }
                }
                if !ids.isEmpty, !answers[2].isEmpty {
                    var recorded: Set<OrderID> = []
                    for row in answers[2] { recorded.insert(try OrderQueryRows.id(row, 0)) }
                    pending.removeAll { recorded.contains($0.order.id) }
                    continue
                }
                let recorded = try answers[1].map { row throws(PostgresError) in
                    try OrderQueryRows.order(row, of: user)
                }
                let total = Int(try answers[0].one().int64(0)) + pending.count
                return range.merge(
                    recorded, pending: pending.map(\.order), total: min(total, OrderPage.countLimit))
            }
        }
    }

    private func add(_ range: PageRange, of user: UserID, pending: Int, to batch: inout PostgresBatch) {
        let limit = Int64(range.recordedLimit(pending: pending))
        switch range.start {
        case .offset:
            batch.add(
                OrderQueryStatements.page, user.value, Int64(range.firstRecorded(pending: pending)), limit)
        case .after(let cursor):
            batch.add(
                OrderQueryStatements.pageAfter, user.value,
                PostgresTimestamp(milliseconds: cursor.createdAt.milliseconds), cursor.id.value, limit)
        }
    }

    /// The given orders and those of the intake table.
    private func withTaken(
        _ pending: [StoredOrder], _ user: UserID
    ) async throws(PostgresError) -> [StoredOrder] {
        var orders = pending
        for row in try await pool.query(OrderQueryStatements.takenByUser, user.value, Int64(Self.takenLimit))
        {
            guard let accepted = try OrderQueryRows.accepted(row), let order = Order(accepted) else {
                continue
            }
            orders.add(
                taken: StoredOrder(order: order, isRecorded: false, idempotencyKey: accepted.idempotencyKey))
        }
        return orders
    }

    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport? {
        try await mappingErrors { () throws(PostgresError) in
            let key = PostgresUUID(high: id.high, low: id.low)
            let answers = try await pool.pipeline { batch in
                batch.add(OrderQueryStatements.status, key, user.value)
                batch.add(OrderQueryStatements.takenStatus, key, user.value)
            }
            return try (answers[0].first ?? answers[1].first).map { row throws(PostgresError) in
                StatusReport(
                    correlationID: id, orderID: try OrderQueryRows.id(row, 0),
                    status: try OrderQueryRows.status(row, 1), updatedAt: try OrderQueryRows.time(row, 2))
            }
        }
    }

    func cancel(
        _ cancellation: OrderCancellation, isDeletion: Bool
    ) async throws(OrderQueryError) -> OrderStatus? {
        let order = cancellation.order
        return try await mappingErrors { () throws(PostgresError) in
            let row = try await pool.query(
                OrderQueryStatements.cancel, order.id.value,
                PostgresUUID(high: order.correlationID.high, low: order.correlationID.low),
                order.customer.value,
                cancellation.idempotencyKey, PostgresNumeric(unscaled: order.total.hundredths, scale: 2),
                order.currency.code, PostgresTimestamp(milliseconds: order.createdAt.milliseconds),
                order.lines.map(\.productID.value), order.lines.map(\.productName),
                order.lines.map(\.imageURL),
                order.lines.map { PostgresNumeric(unscaled: $0.unitPrice.hundredths, scale: 2) },
                order.lines.map { Int32($0.quantity) },
                String(decoding: cancellation.acceptance.payload, as: UTF8.self),
                cancellation.acceptance.metadata.json,
                String(decoding: cancellation.cancellation.payload, as: UTF8.self),
                cancellation.cancellation.metadata.json,
                PostgresTimestamp(milliseconds: cancellation.cancellation.occurredAt.milliseconds), isDeletion
            ).one()
            return try row.decode(0, as: String?.self).flatMap { OrderStatus(wireName: $0) }
        }
    }

    func markPublished(_ event: EventKey) async throws(OrderQueryError) {
        _ = try await mappingErrors { () throws(PostgresError) in
            try await pool.query(
                OrderQueryStatements.markPublished, event.orderID.value, Int32(event.version))
        }
    }

    func delete(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> CorrelationID? {
        try await mappingErrors { () throws(PostgresError) in
            try await pool.query(OrderQueryStatements.delete, id.value, user.value).one()
                .decode(0, as: PostgresUUID?.self).map { CorrelationID(high: $0.high, low: $0.low) }
        }
    }

    private func mappingErrors<Answer>(
        _ body: @Loop () async throws(PostgresError) -> Answer
    ) async throws(OrderQueryError) -> Answer {
        do throws(PostgresError) { return try await body() } catch {
            throw OrderQueryError(reason: "\(error)", isOutcomeUnknown: error.mayHaveCommitted)
        }
    }
}

/// Decodes rows into the domain's values; a value that does not fit is a `.decoding` error.
enum OrderQueryRows {
    static func order(_ row: PostgresRow, of user: UserID) throws(PostgresError) -> Order {
        let key = try row.uuid(1)
        return Order(
            id: try id(row, 0), correlationID: CorrelationID(high: key.high, low: key.low), customer: user,
            createdAt: try time(row, 2), status: try status(row, 3), total: try money(row, 4),
            currency: try known(Currency(try row.string(5))), lines: try lines(row, 6),
            failure: try row.decode(7, as: String?.self).flatMap { OrderFailureCode(rawValue: $0) })
    }

    /// The message of a row whose first column is a payload; nil when this version cannot read it.
    static func accepted(_ row: PostgresRow) throws(PostgresError) -> OrderAccepted? {
        try? OrderAccepted(decoding: try row.string(0).utf8.span)
    }

    /// A JSON array of pairs: an event's type, and its time in milliseconds since 1970.
    static func history(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> [StatusChange] {
        guard let text = try row.decode(column, as: String?.self) else { return [] }
        let pairs = (try? JSONValue(parsing: text.utf8.span))?.array ?? []
        return pairs.compactMap { pair in
            guard let type = pair[0]?.string.flatMap({ OrderEventType(rawValue: $0) }),
                let time = pair[1]?.int
            else { return nil }
            return StatusChange(status: type.status, at: Timestamp(milliseconds: Int64(time)))
        }
    }

    private static func lines(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> [OrderLine] {
        let text = try row.string(column)
        return try known(try? OrderLine.lines(of: Array(text.utf8).span))
    }

    static func id(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> OrderID {
        try known(OrderID(try row.int64(column)))
    }

    static func status(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> OrderStatus {
        try known(OrderStatus(wireName: try row.string(column)))
    }

    static func time(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> Timestamp {
        Timestamp(milliseconds: try row.timestamp(column).milliseconds)
    }

    private static func money(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> Money {
        Money(hundredths: try known(try row.numeric(column).unscaled(atScale: 2)))
    }

    private static func known<Value>(_ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.decoding, "a value that is not known here") }
        return value
    }
}

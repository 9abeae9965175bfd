import EventLoop
import OrderEvents
import Orders
import Postgres

/// ``OrderQueries`` in PostgreSQL, by a role that cannot write.
@Loop
final class PostgresOrderQueries: OrderQueries {
    private let pool: PostgresPool

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> Order? {
        try await mappingErrors { () throws(PostgresError) in
            let rows = try await pool.query(OrderQueryStatements.order, id.value, user.value)
            return try rows.first.map { row throws(PostgresError) in try OrderQueryRows.order(row, of: user) }
        }
    }

    func page(of user: UserID, offset: Int, size: Int) async throws(OrderQueryError) -> OrderPage {
        try await mappingErrors { () throws(PostgresError) in
            let answers = try await pool.pipeline { batch in
                batch.add(OrderQueryStatements.count, user.value)
                batch.add(OrderQueryStatements.page, user.value, Int64(offset), Int64(size))
            }
            return OrderPage(
                orders: try answers[1].map { row throws(PostgresError) in
                    try OrderQueryRows.order(row, of: user)
                },
                total: Int(try answers[0].one().int64(0)))
        }
    }

    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport? {
        try await mappingErrors { () throws(PostgresError) in
            let key = PostgresUUID(high: id.high, low: id.low)
            let rows = try await pool.query(OrderQueryStatements.status, key, user.value)
            return try rows.first.map { row throws(PostgresError) in
                StatusReport(
                    correlationID: id, orderID: try OrderQueryRows.id(row, 0),
                    status: try OrderQueryRows.status(row, 1), updatedAt: try OrderQueryRows.time(row, 2))
            }
        }
    }

    func delete(_ id: OrderID, of user: UserID, isPending: Bool) async throws(OrderQueryError) -> Bool {
        try await mappingErrors { () throws(PostgresError) in
            try await pool.query(OrderQueryStatements.delete, id.value, user.value, isPending).one().bool(0)
        }
    }

    private func mappingErrors<Answer>(
        _ body: @Loop () async throws(PostgresError) -> Answer
    ) async throws(OrderQueryError) -> Answer {
        do throws(PostgresError) { return try await body() } catch {
            throw OrderQueryError(reason: "\(error)")
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
            currency: try known(Currency(try row.string(5))), lines: try lines(row, 6))
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

import EventLoop
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

import EventLoop
import Orders
import Postgres

/// ``OrderArchive`` in PostgreSQL, by a role that cannot write.
@Loop
final class PostgresArchive: OrderArchive {
    private let pool: PostgresPool

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    func order(_ id: OrderID, of user: UserID) async throws(ArchiveFailure) -> Order? {
        try await asking { () throws(PostgresError) in
            let rows = try await pool.query(ArchiveStatements.order, id.value, user.value)
            return try rows.first.map { row throws(PostgresError) in try ArchiveRows.order(row, of: user) }
        }
    }

    func page(of user: UserID, offset: Int, size: Int) async throws(ArchiveFailure) -> OrderPage {
        try await asking { () throws(PostgresError) in
            let answers = try await pool.pipeline { batch in
                batch.add(ArchiveStatements.count, user.value)
                batch.add(ArchiveStatements.page, user.value, Int64(offset), Int64(size))
            }
            return OrderPage(
                orders: try answers[1].map { row throws(PostgresError) in
                    try ArchiveRows.order(row, of: user)
                },
                total: Int(try answers[0].one().int64(0)))
        }
    }

    func status(_ id: CorrelationID, of user: UserID) async throws(ArchiveFailure) -> StatusReport? {
        try await asking { () throws(PostgresError) in
            let key = PostgresUUID(high: id.high, low: id.low)
            let rows = try await pool.query(ArchiveStatements.status, key, user.value)
            return try rows.first.map { row throws(PostgresError) in
                StatusReport(
                    correlationID: id, orderID: try ArchiveRows.id(row, 0),
                    status: try ArchiveRows.status(row, 1), updatedAt: try ArchiveRows.time(row, 2))
            }
        }
    }

    func delete(_ id: OrderID, of user: UserID, isPending: Bool) async throws(ArchiveFailure) -> Bool {
        try await asking { () throws(PostgresError) in
            try await pool.query(ArchiveStatements.delete, id.value, user.value, isPending).one().bool(0)
        }
    }

    private func asking<Answer>(
        _ body: @Loop () async throws(PostgresError) -> Answer
    ) async throws(ArchiveFailure) -> Answer {
        do throws(PostgresError) { return try await body() } catch {
            throw ArchiveFailure(reason: "\(error)")
        }
    }
}

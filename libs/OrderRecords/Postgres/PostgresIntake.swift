package import EventLoop
internal import Orders
package import Postgres

/// ``Intake`` in the table `order_intake`, whose rows the sweeping transaction locks.
@Loop
package final class PostgresIntake: Intake {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func sweep(
        limit: Int, _ handle: @Loop ([IntakeEntry]) async -> [Bool]
    ) async throws(OrderRecordsError) -> (found: Int, removed: Int) {
        do {
            return try await pool.transaction { connection in
                let rows = try await connection.query(Self.oldest, Int64(limit))
                var ids: [PostgresUUID] = []
                var entries: [IntakeEntry] = []
                for row in rows {
                    guard let metadata = EventMetadata(json: try row.string(2)) else { continue }
                    ids.append(try row.uuid(0))
                    entries.append(IntakeEntry(payload: Array(try row.string(1).utf8), metadata: metadata))
                }
                if entries.isEmpty { return (0, 0) }
                let removed = zip(ids, await handle(entries)).compactMap { $1 ? $0 : nil }
                if !removed.isEmpty { try await connection.query(Self.remove, removed) }
                return (entries.count, removed.count)
            }
        } catch {
            throw (error as? PostgresError).map { OrderRecordsError($0) }
                ?? OrderRecordsError(.unavailable, "the sweep was interrupted")
        }
    }

    private static let oldest = PostgresStatement(
        """
        SELECT correlation_id, payload::text, metadata::text FROM order_intake
        ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED
        """)

    private static let remove = PostgresStatement(
        "DELETE FROM order_intake WHERE correlation_id = ANY ($1::uuid[])")
}

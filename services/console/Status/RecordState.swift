import EventLoop
import Postgres

/// What waits in PostgreSQL, and what failed.
@Loop
struct RecordState {
    nonisolated static let failuresCounted = 1000

    let pool: PostgresPool

    struct Counts: Sendable {
        var outbox: SystemState.Backlog
        var intake: SystemState.Backlog
        var failures: Int
        /// When the order that was recorded last had been accepted; milliseconds since 1970.
        var acceptedLast: Int64?
        var version: String
    }

    func read() async throws(PostgresError) -> Counts {
        let row = try await pool.query(Self.counts, Int64(Self.failuresCounted)).one()
        return Counts(
            outbox: .init(count: Int(try row.int64(0)), age: Int(try row.int64(1))),
            intake: .init(count: Int(try row.int64(2)), age: Int(try row.int64(3))),
            failures: Int(try row.int64(4)), acceptedLast: try row.decode(5, as: Int64?.self),
            version: try row.string(6))
    }

    private static let counts = PostgresStatement.read(
        """
        SELECT outbox.waiting, outbox.age, intake.waiting, intake.age, (
                SELECT count(*) FROM (
                    SELECT updated_at FROM orders WHERE status = 'FAILED' ORDER BY id DESC LIMIT $1::int8
                ) failed WHERE failed.updated_at > now() - interval '1 hour'),
            (SELECT (extract(epoch FROM occurred_at) * 1000)::int8 FROM order_events
                WHERE type = 'order.accepted.v1' ORDER BY position DESC LIMIT 1),
            current_setting('server_version')
        FROM (
            SELECT count(*) AS waiting,
                coalesce((extract(epoch FROM clock_timestamp() - min(created_at)) * 1000)::int8, 0) AS age
            FROM order_outbox
        ) outbox, (
            SELECT count(*) AS waiting,
                coalesce((extract(epoch FROM clock_timestamp() - min(created_at)) * 1000)::int8, 0) AS age
            FROM order_intake
        ) intake
        """)
}

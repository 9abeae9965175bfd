package import EventLoop
internal import OrderEvents
internal import Orders
package import Postgres

/// ``Outbox`` in PostgreSQL. The sweeping transaction holds an advisory lock against other replicas, which the server
/// releases with the session.
@Loop
package final class PostgresOutbox: Outbox {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func sweep(
        olderThan age: Duration, limit: Int, _ publish: @Loop ([UnpublishedEvent]) async -> [Bool]
    ) async throws(OrderRecordsError) -> Sweep? {
        do {
            return try await pool.transaction { connection in
                guard try await connection.query(Self.lock).one().bool(0) else { return nil }
                let rows = try await connection.query(Self.oldest, age.seconds, limit, Self.types)
                var events: [UnpublishedEvent] = []
                for row in rows { if let event = try UnpublishedEvent(row) { events.append(event) } }
                if events.isEmpty { return Sweep(found: 0, published: 0) }
                let published = zip(events, await publish(events)).compactMap { $1 ? $0.key : nil }
                if !published.isEmpty {
                    try await connection.pipeline { PublishAcknowledger.add(published, to: &$0) }
                }
                return Sweep(found: events.count, published: published.count)
            }
        } catch {
            throw (error as? PostgresError).map { OrderRecordsError($0) }
                ?? OrderRecordsError(.unavailable, "the sweep was interrupted")
        }
    }

    package func backlog() async throws(OrderRecordsError) -> OutboxBacklog {
        do throws(PostgresError) {
            let row = try await pool.query(Self.count).one()
            return OutboxBacklog(
                count: Int(try row.int64(0)), age: .milliseconds(max(0, try row.int64(1))))
        } catch {
            throw OrderRecordsError(error)
        }
    }

    /// The lock's number is arbitrary but used for nothing else.
    private static let lock = PostgresStatement("SELECT pg_try_advisory_xact_lock(7304105213408)")

    /// Events of other types are left to a newer version, which knows them.
    private static let types = OrderEventType.allCases.map(\.rawValue)

    private static let oldest = PostgresStatement(
        """
        SELECT event.order_id, event.version, event.type, event.payload::text, event.metadata::text, event.occurred_at
        FROM order_outbox outbox JOIN order_events event USING (order_id, version)
        WHERE outbox.created_at < now() - make_interval(secs => $1::float8)
            AND event.type = ANY ($3::text[])
            AND NOT EXISTS (
                SELECT FROM order_outbox earlier
                WHERE earlier.order_id = outbox.order_id AND earlier.version < outbox.version)
        ORDER BY outbox.order_id
        LIMIT $2::int8
        """)

    private static let count = PostgresStatement(
        """
        SELECT count(*), coalesce((extract(epoch FROM now() - min(created_at)) * 1000)::int8, 0) FROM order_outbox
        """)
}

extension UnpublishedEvent {
    /// Nil for an event that this version cannot read.
    init?(_ row: PostgresRow) throws(PostgresError) {
        guard let id = OrderID(try row.int64(0)),
            let event = LoggedEvent(
                type: try row.string(2), payload: try row.string(3), metadata: try row.string(4),
                occurredAt: try row.timestamp(5))
        else { return nil }
        self.init(EventKey(id, version: Int(try row.int32(1))), event)
    }
}

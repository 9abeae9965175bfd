package import EventLoop
package import Postgres

/// The monthly partitions of the event log: adds those of the next months, and drops those that are older than the
/// retention.
///
/// What a dropped month contributed to the read models is kept, so that a rebuild equals living through the whole log.
@Loop
package final class EventLogPartitions {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Adds the partitions of this month and the next two.
    package func add() async throws(OrderRecordsError) {
        do throws(PostgresError) {
            for months in 0...2 { try await pool.query(Self.addPartition, months) }
        } catch {
            throw OrderRecordsError(error)
        }
    }

    /// Drops the oldest partition if it ended more than `months` ago. It stays while the read models lag behind it, and
    /// while one of its events waits in the outbox.
    ///
    /// - Returns: the dropped partition; nil when there is none to drop.
    package func dropOldest(olderThan months: Int) async throws(OrderRecordsError) -> String? {
        do {
            return try await pool.transaction { connection in
                // Neither a rebuild nor another replica runs meanwhile.
                guard let lock = try await connection.query(ReadModelStatements.lockPosition).first,
                    let oldest = try await connection.query(Self.oldest, months).first
                else { return nil }
                let name = try oldest.string(0)
                let settled = try lock.int64(0)
                let isInUse = PostgresStatement(
                    """
                    SELECT coalesce(max(position), 0) > $1::int8
                        OR EXISTS (SELECT FROM order_outbox JOIN \(name) USING (order_id, version))
                    FROM \(name)
                    """)
                guard try await connection.query(isInUse, settled).one().bool(0) == false else { return nil }
                try await connection.script(
                    """
                    SET LOCAL lock_timeout = '2s';
                    \(ReadModelStatements.additions(from: name, to: "_dropped").joined(separator: ";"));
                    DROP TABLE \(name)
                    """)
                return name
            }
        } catch {
            throw (error as? PostgresError).map { OrderRecordsError($0) }
                ?? OrderRecordsError(.unavailable, "the event log's partitions were not changed")
        }
    }

    private static let addPartition = PostgresStatement(
        """
        SELECT add_order_event_partition(
            (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1::int4)) AT TIME ZONE 'UTC')
        """)

    /// The partition that begins first, by its upper bound.
    private static let oldest = PostgresStatement(
        """
        SELECT name FROM (
            SELECT child.oid::regclass::text AS name,
                substring(pg_get_expr(child.relpartbound, child.oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz AS until
            FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
            WHERE inhparent = 'order_events'::regclass
        ) partition
        WHERE until <= now() - make_interval(months => $1::int4)
        ORDER BY until
        LIMIT 1
        """)
}

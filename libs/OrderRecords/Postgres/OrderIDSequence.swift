internal import EventLoop
package import Postgres

/// The sequence `order_id_blocks`, from which order-accept reserves order ids in blocks.
package enum OrderIDSequence {
    /// Moves the sequence when it is behind the recorded orders.
    ///
    /// - Returns: the next block's first id; nil when the sequence was not behind.
    @Loop
    package static func moveIfBehind(_ pool: PostgresPool) async throws(PostgresError) -> Int64? {
        try await pool.query(PostgresStatement("SELECT move_order_ids()", reused: false)).one()
            .decode(0, as: Int64?.self)
    }

    /// Moves it beyond the blocks that were reserved after the backup: as far as a thousand more starts of order-accept.
    ///
    /// - Returns: the next block's first id.
    @Loop
    package static func moveAfterRestore(_ pool: PostgresPool) async throws(PostgresError) -> Int64 {
        try await pool.query(
            PostgresStatement(
                """
                SELECT setval('order_id_blocks', greatest(
                    (SELECT last_value FROM order_id_blocks), (SELECT coalesce(max(id), 0) FROM orders)
                ) + 1 + 1000 * seqincrement, false)
                FROM pg_sequence WHERE seqrelid = 'order_id_blocks'::regclass
                """, reused: false)
        ).one().int64(0)
    }
}

internal import EventLoop
package import Postgres

/// The sequence `order_id_blocks`, from which order-accept reserves order ids in blocks.
package enum OrderIDSequence {
    /// Moves the sequence when it is behind the recorded orders, after a restore or a failover to a standby that lagged:
    /// past them and past the blocks that order-accept may still hold.
    ///
    /// - Returns: the next block's first id; nil when the sequence was not behind.
    @Loop
    package static func moveIfBehind(_ pool: PostgresPool) async throws -> Int64? {
        try await pool.transaction { connection in
            _ = try await connection.query(lock)
            return try await connection.query(move).first?.int64(0)
        }
    }

    /// Two processes would move it twice, and the second might return a block that was reserved in between. The number
    /// is arbitrary but used for nothing else.
    private static let lock = PostgresStatement(
        "SELECT pg_advisory_xact_lock(7304105213410) IS NOT NULL", reused: false)

    private static let move = PostgresStatement(
        """
        SELECT setval('order_id_blocks', newest.id + 1 + 1000 * settings.seqincrement, false)
        FROM order_id_blocks AS sequence, pg_sequence AS settings,
            (SELECT coalesce(max(id), 0) AS id FROM orders) AS newest
        WHERE settings.seqrelid = 'order_id_blocks'::regclass
            AND sequence.last_value + CASE WHEN sequence.is_called THEN settings.seqincrement ELSE 0 END <= newest.id
        """, reused: false)
}

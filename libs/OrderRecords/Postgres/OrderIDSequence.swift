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
}

internal import Postgres

/// The statements of ``ReadModels``. Ranges of positions exclude $1 and include $2.
enum ReadModelStatements {
    static let lockPosition = PostgresStatement(
        "SELECT position FROM read_model_position FOR UPDATE SKIP LOCKED")

    /// Waits for other replicas.
    static let lockForRebuild = PostgresStatement("SELECT position FROM read_model_position FOR UPDATE")

    private static let tables = ["sales_by_product", "orders_by_minute", "failures_by_reason"]

    /// Resets the read models to what the dropped months of the log contributed.
    static let reset = tables.flatMap { table in
        [
            PostgresStatement("DELETE FROM \(table)"),
            PostgresStatement("INSERT INTO \(table) SELECT * FROM \(table)_dropped"),
        ]
    }

    /// The log's last visible position, the transaction that is assigned next, and the oldest one still running.
    static let horizon = PostgresStatement(
        """
        SELECT coalesce((SELECT max(position) FROM order_events), 0),
            pg_snapshot_xmax(snapshot)::text::int8, pg_snapshot_xmin(snapshot)::text::int8
        FROM pg_current_snapshot() AS snapshot
        """)

    static let apply = additions(
        from: "order_events", where: "position > $1::int8 AND position <= $2::int8"
    ).map { PostgresStatement($0) }

    /// Adds the events of a table to the read models, or to their copies with a suffix.
    static func additions(
        from events: String, to suffix: String = "", where condition: String = "true"
    ) -> [String] {
        // Each order is completed at most once.
        let sales = """
            INSERT INTO sales_by_product\(suffix) AS sales (product_id, orders, quantity, revenue, last_sold_at)
            SELECT item.product_id, count(DISTINCT event.order_id), sum(item.quantity),
                sum(item.quantity * item.unit_price), max(event.occurred_at)
            FROM \(events) event
            JOIN order_items item ON item.order_id = event.order_id
            WHERE \(condition) AND event.type = 'order.processed.v1'
            GROUP BY item.product_id
            ORDER BY item.product_id
            ON CONFLICT (product_id) DO UPDATE SET orders = sales.orders + excluded.orders,
                quantity = sales.quantity + excluded.quantity, revenue = sales.revenue + excluded.revenue,
                last_sold_at = greatest(sales.last_sold_at, excluded.last_sold_at)
            """
        let minutes = """
            INSERT INTO orders_by_minute\(suffix) AS minutes (minute, accepted, completed, failed, cancelled)
            SELECT date_trunc('minute', occurred_at, 'UTC'), count(*) FILTER (WHERE type = 'order.accepted.v1'),
                count(*) FILTER (WHERE type = 'order.processed.v1'), count(*) FILTER (WHERE type = 'order.failed.v1'),
                count(*) FILTER (WHERE type = 'order.cancelled.v1')
            FROM \(events)
            WHERE \(condition)
            GROUP BY 1
            ORDER BY 1
            ON CONFLICT (minute) DO UPDATE SET accepted = minutes.accepted + excluded.accepted,
                completed = minutes.completed + excluded.completed, failed = minutes.failed + excluded.failed,
                cancelled = minutes.cancelled + excluded.cancelled
            """
        let failures = """
            INSERT INTO failures_by_reason\(suffix) AS failures (reason, orders, last_failed_at)
            SELECT payload->>'reason', count(*), max(occurred_at) FROM \(events)
            WHERE \(condition) AND type = 'order.failed.v1'
            GROUP BY 1
            ORDER BY 1
            ON CONFLICT (reason) DO UPDATE SET orders = failures.orders + excluded.orders,
                last_failed_at = greatest(failures.last_failed_at, excluded.last_failed_at)
            """
        return [sales, minutes, failures]
    }

    static let savePosition = PostgresStatement(
        "UPDATE read_model_position SET position = $1::int8, updated_at = now()")

    static let progress = PostgresStatement(
        "SELECT position, (SELECT coalesce(max(position), 0) FROM order_events) FROM read_model_position")
}

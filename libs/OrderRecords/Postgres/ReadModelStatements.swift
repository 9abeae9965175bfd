internal import Postgres

/// The statements of ``ReadModels``. Ranges exclude $1 and include $2.
enum ReadModelStatements {
    static let lockPosition = PostgresStatement(
        """
        SELECT position, (SELECT coalesce(max(position), 0) FROM order_events)
        FROM read_model_position FOR UPDATE SKIP LOCKED
        """)

    /// Waits for other replicas.
    static let lockForRebuild = PostgresStatement("SELECT position FROM read_model_position FOR UPDATE")

    static let clearOrders = PostgresStatement("DELETE FROM order_view")
    static let clearSales = PostgresStatement("DELETE FROM sales_by_product")

    /// Transactions that record orders queue behind this lock, so waiting for a slow one is limited.
    static let lockTimeout = PostgresStatement("SELECT set_config('lock_timeout', '250ms', true)")
    /// See migration 6.
    static let lockAppends = PostgresStatement("SELECT pg_advisory_xact_lock(7304105213409) IS NOT NULL")
    static let tryLockAppends = PostgresStatement("SELECT pg_try_advisory_xact_lock(7304105213409)")
    static let lastPosition = PostgresStatement("SELECT coalesce(max(position), 0) FROM order_events")

    /// The log determines which orders changed and their status. Immutable columns are read from the order's row and
    /// lines, which is cheaper than parsing the event; names and images are stored only there and change only with an
    /// event.
    static let addOrders = PostgresStatement(
        """
        INSERT INTO order_view
            (order_id, correlation_id, customer_id, status, total, currency, items, version, created_at, updated_at)
        SELECT latest.order_id, orders.correlation_id, orders.customer_id,
            CASE latest.type WHEN 'order.processed.v1' THEN 'COMPLETED' WHEN 'order.failed.v1' THEN 'FAILED'
                WHEN 'order.cancelled.v1' THEN 'CANCELLED' ELSE 'ACCEPTED' END,
            orders.total, orders.currency, lines.items, latest.version, orders.created_at, latest.occurred_at
        FROM (
            SELECT DISTINCT ON (order_id) order_id, version, type, occurred_at FROM order_events
            WHERE position > $1::int8 AND position <= $2::int8
            ORDER BY order_id, version DESC
        ) latest
        JOIN orders ON orders.id = latest.order_id
        CROSS JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_object('productId', product_id, 'productName', product_name,
                'imageUrl', image_url, 'unitPrice', unit_price, 'quantity', quantity) ORDER BY line) AS items
            FROM order_items WHERE order_id = latest.order_id
        ) lines
        ON CONFLICT (order_id) DO UPDATE SET status = excluded.status, items = excluded.items,
            version = excluded.version, updated_at = excluded.updated_at
        WHERE order_view.version < excluded.version
        """)

    /// Each order is completed at most once.
    static let addSales = PostgresStatement(
        """
        INSERT INTO sales_by_product AS sales (product_id, orders, quantity, revenue, last_sold_at)
        SELECT item.product_id, count(DISTINCT event.order_id), sum(item.quantity),
            sum(item.quantity * item.unit_price), max(event.occurred_at)
        FROM order_events event
        JOIN order_items item ON item.order_id = event.order_id
        WHERE event.position > $1::int8 AND event.position <= $2::int8 AND event.type = 'order.processed.v1'
        GROUP BY item.product_id
        ORDER BY item.product_id
        ON CONFLICT (product_id) DO UPDATE SET orders = sales.orders + excluded.orders,
            quantity = sales.quantity + excluded.quantity, revenue = sales.revenue + excluded.revenue,
            last_sold_at = greatest(sales.last_sold_at, excluded.last_sold_at)
        """)

    static let savePosition = PostgresStatement(
        "UPDATE read_model_position SET position = $1::int8, updated_at = now()")

    static let progress = PostgresStatement(
        "SELECT position, (SELECT coalesce(max(position), 0) FROM order_events) FROM read_model_position")
}

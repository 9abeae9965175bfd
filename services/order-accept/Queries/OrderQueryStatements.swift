import Postgres

/// The SQL of ``PostgresOrderQueries``. Every statement filters by the user.
///
/// The contents of an order come from the read model `order_view`, one row an order. Existence and status come from
/// `orders`: the view lags behind the event log (by half a second, by seconds under load) and has no deletions, but an
/// order whose user was told COMPLETED must be listed as such. A row of the view counts when it has the order's last
/// version; for the others the lines are aggregated here.
enum OrderQueryStatements {
    private static let visible = """
        o.deleted_at IS NULL AND NOT EXISTS (SELECT FROM order_deletions d WHERE d.order_id = o.id)
        """

    /// The columns that ``OrderQueryRows/order(_:of:)`` reads.
    private static let columns = """
        o.id, o.correlation_id, o.created_at, o.status, o.total, o.currency, coalesce(v.items, (
            SELECT jsonb_agg(jsonb_build_object('productId', product_id, 'productName', product_name,
                'imageUrl', image_url, 'unitPrice', unit_price, 'quantity', quantity) ORDER BY line)
            FROM order_items WHERE order_id = o.id))::text
        """

    static let order = PostgresStatement(
        """
        SELECT \(columns) FROM orders o LEFT JOIN order_view v ON v.order_id = o.id AND v.version = o.version
        WHERE o.id = $1 AND o.customer_id = $2 AND \(visible)
        """)

    static let page = PostgresStatement(
        """
        SELECT \(columns)
        FROM (
            SELECT * FROM orders o WHERE o.customer_id = $1 AND \(visible) ORDER BY o.id DESC OFFSET $2 LIMIT $3
        ) o LEFT JOIN order_view v ON v.order_id = o.id AND v.version = o.version
        ORDER BY o.id DESC
        """)

    static let count = PostgresStatement(
        "SELECT count(*) FROM orders o WHERE o.customer_id = $1 AND \(visible)")

    static let status = PostgresStatement(
        """
        SELECT o.id, o.status, o.updated_at FROM orders o
        WHERE o.correlation_id = $1 AND o.customer_id = $2 AND \(visible)
        """)

    static let delete = PostgresStatement("SELECT delete_order($1, $2, $3)")
}

import Postgres

/// The SQL of ``PostgresOrderQueries``. Whoever is asked about is named in every statement, so that nobody sees
/// another's order.
///
/// What an order holds comes out of the read model `order_view`, which has it in one row. Which orders there are,
/// and where they stand, comes out of `orders`: the view follows the event log at some distance (half a second,
/// seconds while much is being processed) and knows nothing of deletions, whereas an order must not be missing or
/// stand still whose user was just told that it is completed. So a row of the view counts where it has the order's
/// last event; for the few orders that it has not the lines are put together here, as the view's writer does it.
enum OrderQueryStatements {
    private static let visible = """
        o.deleted_at IS NULL AND NOT EXISTS (SELECT FROM order_deletions d WHERE d.order_id = o.id)
        """

    /// As ``OrderQueryRows/order(_:of:)`` reads them.
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

import Postgres

/// The SQL of ``PostgresArchive``. Whoever is asked about is named in every statement, so that nobody sees
/// another's order.
enum ArchiveStatements {
    private static let visible = """
        o.deleted_at IS NULL AND NOT EXISTS (SELECT FROM order_deletions d WHERE d.order_id = o.id)
        """

    /// As ``ArchiveRows/orders(_:of:)`` reads them.
    private static let columns = """
        o.id, o.correlation_id, o.created_at, o.status, o.total, o.currency,
        i.product_id, i.product_name, i.image_url, i.unit_price, i.quantity
        """

    static let order = Statement(
        """
        SELECT \(columns) FROM orders o JOIN order_items i ON i.order_id = o.id
        WHERE o.id = $1 AND o.customer_id = $2 AND \(visible) ORDER BY i.line
        """)

    static let page = Statement(
        """
        SELECT \(columns)
        FROM (
            SELECT * FROM orders o WHERE o.customer_id = $1 AND \(visible) ORDER BY o.id DESC OFFSET $2 LIMIT $3
        ) o JOIN order_items i ON i.order_id = o.id
        ORDER BY o.id DESC, i.line
        """)

    static let count = Statement("SELECT count(*) FROM orders o WHERE o.customer_id = $1 AND \(visible)")

    static let status = Statement(
        """
        SELECT o.id, o.status, o.updated_at FROM orders o
        WHERE o.correlation_id = $1 AND o.customer_id = $2 AND \(visible)
        """)

    static let delete = Statement("SELECT delete_order($1, $2, $3)")
}

import Postgres

/// The SQL of ``PostgresOrderQueries``. Every statement filters by the user.
enum OrderQueryStatements {
    /// The columns that ``OrderQueryRows/order(_:of:)`` reads.
    private static let columns = """
        o.id, o.correlation_id, o.created_at, o.status, o.total, o.currency, (
            SELECT coalesce(jsonb_agg(jsonb_build_object('productId', product_id, 'productName', product_name,
                'imageUrl', image_url, 'unitPrice', unit_price, 'quantity', quantity) ORDER BY line), '[]')
            FROM order_items WHERE order_id = o.id)::text, o.failure_code
        """

    static let order = PostgresStatement.read(
        """
        SELECT \(columns), (
            SELECT jsonb_agg(jsonb_build_array(type, (extract(epoch FROM occurred_at) * 1000)::int8) ORDER BY version)
            FROM order_events WHERE order_id = o.id)::text
        FROM orders o
        WHERE o.id = coalesce((SELECT target_id FROM order_aliases WHERE order_id = $1), $1)
            AND o.customer_id = $2 AND o.deleted_at IS NULL
        """)

    static let taken = PostgresStatement.read(
        """
        SELECT payload::text FROM order_intake WHERE order_id = $1 AND customer_id = $2
            AND NOT EXISTS (SELECT FROM orders WHERE orders.correlation_id = order_intake.correlation_id)
        """)

    static let takenByUser = PostgresStatement.read(
        "SELECT payload::text FROM order_intake WHERE customer_id = $1 ORDER BY created_at DESC LIMIT $2")

    static let byKey = PostgresStatement.read(
        "SELECT \(columns) FROM orders o WHERE o.customer_id = $1 AND o.idempotency_key = $2")

    static let takenByKey = PostgresStatement.read(
        "SELECT payload::text FROM order_intake WHERE customer_id = $1 AND idempotency_key = $2 LIMIT 1")

    static let page = PostgresStatement.read(
        """
        SELECT \(columns)
        FROM (
            SELECT * FROM orders WHERE customer_id = $1 AND deleted_at IS NULL
            ORDER BY created_at DESC, id DESC OFFSET $2 LIMIT $3
        ) o
        ORDER BY o.created_at DESC, o.id DESC
        """)

    static let pageAfter = PostgresStatement.read(
        """
        SELECT \(columns)
        FROM (
            SELECT * FROM orders WHERE customer_id = $1 AND deleted_at IS NULL AND (created_at, id) < ($2, $3)
            ORDER BY created_at DESC, id DESC LIMIT $4
        ) o
        ORDER BY o.created_at DESC, o.id DESC
        """)

    static let count = PostgresStatement.read(
        "SELECT count(*) FROM (SELECT FROM orders WHERE customer_id = $1 AND deleted_at IS NULL LIMIT $2) counted"
    )

    /// Of pending orders those that are recorded, hidden ones included, and those whose key is another order's with the same
    /// total: should the broker have them, they become its repetitions.
    static let recordedOrRepeated = PostgresStatement.read(
        """
        SELECT id FROM orders WHERE id = ANY ($1::int8[])
        UNION ALL SELECT order_id FROM order_aliases WHERE order_id = ANY ($1::int8[])
        UNION ALL SELECT given.id FROM unnest($1::int8[], $2::text[], $3::int8[]) AS given (id, key, hundredths)
        JOIN orders ON orders.customer_id = $4::text AND orders.idempotency_key = given.key
            AND orders.id <> given.id AND orders.total * 100 = given.hundredths
        """)

    /// A replica's ids follow one another.
    static let recordedRange = PostgresStatement.read("SELECT id FROM orders WHERE id BETWEEN $1 AND $2")

    static let outcomes = PostgresStatement.read(
        """
        SELECT correlation_id, id, status FROM orders WHERE correlation_id = ANY ($1::uuid[])
        UNION ALL SELECT alias.correlation_id, alias.order_id, orders.status
        FROM order_aliases alias JOIN orders ON orders.id = alias.target_id
        WHERE alias.correlation_id = ANY ($1::uuid[])
        """)

    /// With the time of the status' event, which is dropped after the log's retention.
    static let status = PostgresStatement.read(
        """
        SELECT accepted.id, o.status, coalesce(
            (SELECT occurred_at FROM order_events WHERE order_id = o.id AND version = o.version), o.updated_at)
        FROM (SELECT order_id AS id, target_id FROM order_aliases WHERE correlation_id = $1
            UNION ALL SELECT id, id FROM orders WHERE correlation_id = $1) accepted
        JOIN orders o ON o.id = accepted.target_id
        WHERE o.customer_id = $2 AND o.deleted_at IS NULL
        """)

    static let takenStatus = PostgresStatement.read(
        """
        SELECT order_id, 'ACCEPTED', created_at FROM order_intake
        WHERE correlation_id = $1 AND customer_id = $2
            AND NOT EXISTS (SELECT FROM orders WHERE correlation_id = $1)
        """)

    static let cancel = PostgresStatement(
        """
        SELECT cancel_order($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        """)

    static let markPublished = PostgresStatement("SELECT mark_order_published($1, $2)::text")

    static let delete = PostgresStatement("SELECT delete_order($1, $2)")
}

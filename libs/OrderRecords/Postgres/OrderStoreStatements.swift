internal import Postgres

/// The statements of ``PostgresOrderStore``. With arrays and `unnest`, batches of any size use the same statement.
enum OrderStoreStatements {
    /// Inserts in the given order, which must be sorted: batches in different orders would deadlock.
    static let insertCustomers = PostgresStatement(
        "INSERT INTO customers (id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING")

    /// One statement, so that lines and events are inserted for exactly the orders that it inserts. `ON CONFLICT` has
    /// no target, so that it covers both unique indexes.
    ///
    /// `IS TRUE` prevents a join: the planner does not know the arrays' lengths and would choose nested loops instead
    /// of a hashed look-up.
    ///
    /// A line with an unknown product violates NOT NULL on its name, unless $16 allows the product's id as its name.
    static let insertOrders = PostgresStatement(
        """
        WITH inserted AS (
            INSERT INTO orders (id, correlation_id, customer_id, status, total, currency, version, created_at)
            SELECT id, correlation_id, customer_id, status, total, currency, 2, created_at
            FROM unnest($1::int8[], $2::uuid[], $3::text[], $4::text[], $5::numeric[], $6::text[],
                $7::timestamptz[])
                AS given (id, correlation_id, customer_id, status, total, currency, created_at)
            ON CONFLICT DO NOTHING
            RETURNING id, correlation_id
        ), items AS (
            INSERT INTO order_items (order_id, line, product_id, product_name, image_url, unit_price, quantity)
            SELECT given.order_id, given.line, given.product_id,
                coalesce(product.name, CASE WHEN $16::bool THEN given.product_id END),
                coalesce(product.image_url, CASE WHEN $16::bool THEN '' END),
                given.unit_price, given.quantity
            FROM unnest($8::int8[], $9::int4[], $10::text[], $11::numeric[], $12::int4[])
                AS given (order_id, line, product_id, unit_price, quantity)
            LEFT JOIN products product ON product.external_product_id = given.product_id
            WHERE (given.order_id IN (SELECT id FROM inserted)) IS TRUE
        ), events AS (
            INSERT INTO order_events (order_id, version, type, payload, metadata, occurred_at, published_at)
            SELECT given.order_id, event.version, event.type, event.payload::json, event.metadata::json,
                event.occurred_at, CASE WHEN event.version = 1 THEN now() END
            FROM unnest($1::int8[], $13::text[], $14::text[], $15::text[], $7::timestamptz[],
                $17::text[], $18::text[], $19::timestamptz[])
                AS given (order_id, accepted, accepted_metadata, type, accepted_at, payload, metadata, at)
            CROSS JOIN LATERAL (VALUES
                (1, 'order.accepted.v1', accepted, accepted_metadata, accepted_at),
                (2, given.type, given.payload, given.metadata, given.at))
                AS event (version, type, payload, metadata, occurred_at)
            WHERE (given.order_id IN (SELECT id FROM inserted)) IS TRUE
        )
        SELECT correlation_id FROM inserted
        """)

    static let find = PostgresStatement(
        """
        SELECT orders.id, orders.correlation_id, orders.customer_id, orders.status, event.version, event.type,
            event.payload::text, event.metadata::text, event.occurred_at, event.published_at IS NOT NULL
        FROM orders
        JOIN order_events event ON event.order_id = orders.id AND event.version = orders.version
        WHERE orders.correlation_id = ANY ($1::uuid[])
        """)

    /// Gives a failed order its next version. An unpublished event of the failure is marked published, so that it is
    /// not sent after the new outcome.
    static let reopenFailed = PostgresStatement(
        """
        WITH reopened AS (
            UPDATE orders SET status = $3::text, version = version + 1, updated_at = now()
            WHERE id = $1::int8 AND correlation_id = $2::uuid AND status = 'FAILED'
            RETURNING id, version
        ), items AS (
            UPDATE order_items item SET product_name = product.name, image_url = product.image_url
            FROM reopened, products product
            WHERE item.order_id = reopened.id AND product.external_product_id = item.product_id
                AND item.product_name = item.product_id
        ), superseded AS (
            UPDATE order_events SET published_at = now()
            FROM reopened WHERE order_events.order_id = reopened.id AND published_at IS NULL
        )
        INSERT INTO order_events (order_id, version, type, payload, metadata, occurred_at)
        SELECT id, version, $4::text, $5::text::json, $6::text::json, $7::timestamptz FROM reopened
        """)

    static let markPublished = PostgresStatement(
        """
        UPDATE order_events SET published_at = now()
        FROM unnest($1::int8[], $2::int4[]) AS given (order_id, version)
        WHERE order_events.order_id = given.order_id AND order_events.version = given.version
            AND published_at IS NULL
        """)

    static let currencies = PostgresStatement("SELECT external_product_id, currency FROM products")
}

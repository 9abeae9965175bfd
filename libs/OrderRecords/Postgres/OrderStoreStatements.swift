internal import Postgres

/// The statements of ``PostgresOrderStore``. With arrays and `unnest`, batches of any size use the same statement.
enum OrderStoreStatements {
    /// Inserts in the given order, which must be sorted: batches in different orders would deadlock.
    static let insertCustomers = PostgresStatement(
        "INSERT INTO customers (id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING")

    /// One statement, so that lines and events are inserted for exactly the orders that it inserts. `ON CONFLICT` has
    /// no target, so that it covers every unique index.
    ///
    /// `IS TRUE` prevents a join: the planner does not know the arrays' lengths and would choose nested loops instead
    /// of a hashed look-up.
    ///
    /// A line with an unknown product violates NOT NULL on its name, unless $16 allows the product's id as its name.
    static let insertOrders = PostgresStatement(
        """
        WITH inserted AS (
            INSERT INTO orders (id, correlation_id, customer_id, status, total, currency, version, created_at,
                idempotency_key, failure_code)
            SELECT id, correlation_id, customer_id, status, total, currency, 2, created_at, idempotency_key,
                failure_code
            FROM unnest($1::int8[], $2::uuid[], $3::text[], $4::text[], $5::numeric[], $6::text[],
                $7::timestamptz[], $20::text[], $21::text[])
                AS given (id, correlation_id, customer_id, status, total, currency, created_at, idempotency_key,
                    failure_code)
            ON CONFLICT DO NOTHING
            RETURNING id, correlation_id
        ), items AS (
            INSERT INTO order_items (order_id, line, product_id, product_name, image_url, unit_price, quantity)
            SELECT given.order_id, given.line, given.product_id,
                CASE WHEN product.name IS NOT NULL OR $16::bool
                    THEN coalesce(given.product_name, product.name, given.product_id) END,
                coalesce(given.image_url, product.image_url, ''),
                given.unit_price, given.quantity
            FROM unnest($8::int8[], $9::int4[], $10::text[], $11::numeric[], $12::int4[], $22::text[], $23::text[])
                AS given (order_id, line, product_id, unit_price, quantity, product_name, image_url)
            LEFT JOIN products product ON product.external_product_id = given.product_id
            WHERE (given.order_id IN (SELECT id FROM inserted)) IS TRUE
        ), events AS (
            INSERT INTO order_events (order_id, version, type, payload, metadata, occurred_at)
            SELECT given.order_id, event.version, event.type, event.payload::json, event.metadata::json,
                event.occurred_at
            FROM unnest($1::int8[], $13::text[], $14::text[], $15::text[], $7::timestamptz[],
                $17::text[], $18::text[], $19::timestamptz[])
                AS given (order_id, accepted, accepted_metadata, type, accepted_at, payload, metadata, at)
            CROSS JOIN LATERAL (VALUES
                (1, 'order.accepted.v1', accepted, accepted_metadata, accepted_at),
                (2, given.type, given.payload, given.metadata, given.at))
                AS event (version, type, payload, metadata, occurred_at)
            WHERE (given.order_id IN (SELECT id FROM inserted)) IS TRUE
        ), outbox AS (
            INSERT INTO order_outbox (order_id, version) SELECT id, 2 FROM inserted
        )
        SELECT correlation_id FROM inserted
        """)

    /// The orders to which the given ids belong: by correlation id, else by customer, idempotency key and lines. The
    /// second kind gets an alias.
    static let resolve = PostgresStatement(
        """
        WITH given AS (
            SELECT * FROM unnest($1::int8[], $2::uuid[], $3::text[], $4::text[], $5::text[])
                AS given (id, correlation_id, customer_id, idempotency_key, lines)
        ), matched AS (
            SELECT given.id, given.correlation_id, orders.id AS target, false AS is_alias
            FROM given JOIN orders ON orders.correlation_id = given.correlation_id
            UNION ALL
            SELECT given.id, given.correlation_id, orders.id, true
            FROM given JOIN orders ON orders.customer_id = given.customer_id
                AND orders.idempotency_key = given.idempotency_key
                AND orders.correlation_id <> given.correlation_id
                AND given.lines = (
                    SELECT string_agg(product_id || ' ' || quantity, ',' ORDER BY product_id COLLATE "C")
                    FROM order_items WHERE order_id = orders.id)
        ), aliases AS (
            INSERT INTO order_aliases (order_id, correlation_id, customer_id, target_id)
            SELECT matched.id, matched.correlation_id, orders.customer_id, target
            FROM matched JOIN orders ON orders.id = target WHERE is_alias
            ON CONFLICT DO NOTHING
        )
        SELECT matched.correlation_id, orders.id, orders.correlation_id, orders.customer_id, orders.status,
            event.version, event.type, event.payload::text, event.metadata::text, event.occurred_at,
            NOT EXISTS (SELECT FROM order_outbox outbox
                WHERE outbox.order_id = event.order_id AND outbox.version = event.version)
        FROM matched
        JOIN orders ON orders.id = matched.target
        JOIN order_events event ON event.order_id = orders.id AND event.version = orders.version
        """)

    /// Gives a failed order its next version. An unpublished event of the failure leaves the outbox, so that it is not
    /// sent after the new outcome.
    static let reopenFailed = PostgresStatement(
        """
        WITH reopened AS (
            UPDATE orders SET status = $3::text, failure_code = NULL, version = version + 1, updated_at = now()
            WHERE id = $1::int8 AND correlation_id = $2::uuid AND status = 'FAILED'
            RETURNING id, version
        ), superseded AS (
            DELETE FROM order_outbox USING reopened WHERE order_outbox.order_id = reopened.id
        ), outbox AS (
            INSERT INTO order_outbox (order_id, version) SELECT id, version FROM reopened
        )
        INSERT INTO order_events (order_id, version, type, payload, metadata, occurred_at)
        SELECT id, version, $4::text, $5::text::json, $6::text::json, $7::timestamptz FROM reopened
        """)

    static let markPublished = PostgresStatement(
        """
        DELETE FROM order_outbox
        USING unnest($1::int8[], $2::int4[]) AS given (order_id, version)
        WHERE order_outbox.order_id = given.order_id AND order_outbox.version = given.version
        """)

    static let currencies = PostgresStatement("SELECT external_product_id, currency FROM products")
}

-- A repeated request: its status is told with the id that its client knows, and of several at the same time one is accepted.
-- And a price is a number.

CREATE OR REPLACE FUNCTION grant_notifier_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_notifier') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_notifier', current_schema());
    GRANT SELECT (id, correlation_id, customer_id, status, deleted_at) ON orders TO waybill_notifier;
    GRANT SELECT (order_id, correlation_id, customer_id, target_id) ON order_aliases TO waybill_notifier;
    GRANT SELECT (order_id, correlation_id, customer_id) ON order_intake TO waybill_notifier;
    RETURN true;
END
$$;
SELECT grant_notifier_access();

-- Not a number is above any price for PostgreSQL. Rows that are there already stay, and order-accept skips them.
ALTER TABLE products ADD CONSTRAINT products_price_is_a_number CHECK (price <> 'NaN') NOT VALID;

-- take_orders, which older versions of order-accept call, lets requests of one key through that arrive at the same time.
CREATE FUNCTION accept_orders(
    correlation_ids uuid[], order_ids bigint[], customer_ids text[], idempotency_keys text[], payloads text[],
    metadata text[]
) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    -- In one order for all batches: else they would deadlock.
    PERFORM pg_advisory_xact_lock(locks.key) FROM (
        SELECT DISTINCT hashtextextended(given.customer_id || ' ' || given.idempotency_key, 0) AS key
        FROM unnest(customer_ids, idempotency_keys) AS given (customer_id, idempotency_key)
        WHERE given.idempotency_key IS NOT NULL ORDER BY key
    ) locks;
    INSERT INTO order_intake (correlation_id, order_id, customer_id, idempotency_key, payload, metadata)
        SELECT DISTINCT ON (given.customer_id, coalesce(given.idempotency_key, given.correlation_id::text))
            given.correlation_id, given.order_id, given.customer_id, given.idempotency_key, given.payload::json,
            given.metadata::json
        FROM unnest(correlation_ids, order_ids, customer_ids, idempotency_keys, payloads, metadata)
            AS given (correlation_id, order_id, customer_id, idempotency_key, payload, metadata)
        WHERE given.idempotency_key IS NULL OR NOT EXISTS (
                SELECT FROM order_intake taken
                WHERE taken.customer_id = given.customer_id AND taken.idempotency_key = given.idempotency_key
                    AND taken.correlation_id <> given.correlation_id)
            AND NOT EXISTS (
                SELECT FROM orders
                WHERE orders.customer_id = given.customer_id AND orders.idempotency_key = given.idempotency_key
                    AND orders.correlation_id <> given.correlation_id)
        ORDER BY given.customer_id, coalesce(given.idempotency_key, given.correlation_id::text), given.order_id
        ON CONFLICT DO NOTHING;
    RETURN QUERY
        SELECT taken.correlation_id FROM order_intake taken WHERE taken.correlation_id = ANY (correlation_ids)
        UNION SELECT orders.correlation_id FROM orders WHERE orders.correlation_id = ANY (correlation_ids)
        UNION SELECT alias.correlation_id FROM order_aliases alias WHERE alias.correlation_id = ANY (correlation_ids);
END
$$;
COMMENT ON FUNCTION accept_orders IS
    'Accepts orders into order_intake, one for each idempotency key; returns those that are accepted. Repeated calls change nothing.';

DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION accept_orders SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION accept_orders FROM PUBLIC;
END
$$;

CREATE OR REPLACE FUNCTION grant_reader_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_reader') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_reader', current_schema());
    GRANT SELECT ON products, orders, order_items, order_aliases, order_intake, order_events, sales_by_product
        TO waybill_reader;
    GRANT USAGE ON SEQUENCE order_id_blocks TO waybill_reader;
    -- take_orders for an earlier version of order-accept, during an upgrade.
    GRANT EXECUTE ON FUNCTION reserve_order_ids, delete_order, cancel_order, take_orders, accept_orders, mark_order_published
        TO waybill_reader;
    RETURN true;
END
$$;
SELECT grant_reader_access();

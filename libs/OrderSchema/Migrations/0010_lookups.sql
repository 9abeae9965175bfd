-- order-notification compares the outcome of an order that Redis has forgotten with its row, and a cancellation compares
-- the lines of an order whose idempotency key is another's.

CREATE OR REPLACE FUNCTION grant_notifier_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_notifier') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_notifier', current_schema());
    GRANT SELECT (id, correlation_id, customer_id, status) ON orders TO waybill_notifier;
    GRANT SELECT (correlation_id, customer_id, target_id) ON order_aliases TO waybill_notifier;
    GRANT SELECT (correlation_id, customer_id) ON order_intake TO waybill_notifier;
    RETURN true;
END
$$;
SELECT grant_notifier_access();

CREATE OR REPLACE FUNCTION cancel_order(
    the_order bigint, the_correlation uuid, the_customer text, the_key text, the_total numeric, the_currency text,
    accepted_at timestamptz, product_ids text[], product_names text[], image_urls text[], unit_prices numeric[],
    quantities integer[], acceptance text, acceptance_metadata text, cancellation text, cancellation_metadata text,
    cancelled_at timestamptz, is_deletion boolean
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    the_target bigint;
    the_status text;
    is_same boolean;
BEGIN
    INSERT INTO customers (id) VALUES (the_customer) ON CONFLICT DO NOTHING;
    LOOP
        INSERT INTO orders (id, correlation_id, customer_id, status, total, currency, version, created_at,
                idempotency_key, deleted_at)
            VALUES (the_order, the_correlation, the_customer, 'CANCELLED', the_total, the_currency, 2, accepted_at,
                the_key, CASE WHEN is_deletion THEN now() END)
            ON CONFLICT DO NOTHING;
        IF FOUND THEN
            INSERT INTO order_items (order_id, line, product_id, product_name, image_url, unit_price, quantity)
                SELECT the_order, line, product_id, product_name, image_url, unit_price, quantity
                FROM unnest(product_ids, product_names, image_urls, unit_prices, quantities) WITH ORDINALITY
                    AS given (product_id, product_name, image_url, unit_price, quantity, line);
            INSERT INTO order_events (order_id, version, type, payload, metadata, occurred_at) VALUES
                (the_order, 1, 'order.accepted.v1', acceptance::json, acceptance_metadata::json, accepted_at),
                (the_order, 2, 'order.cancelled.v1', cancellation::json, cancellation_metadata::json, cancelled_at);
            -- Nobody is told of an order that its customer deleted.
            IF NOT is_deletion THEN
                INSERT INTO order_outbox (order_id, version) VALUES (the_order, 2);
            END IF;
            RETURN NULL;
        END IF;
        SELECT id, status INTO the_target, the_status FROM orders WHERE correlation_id = the_correlation;
        EXIT WHEN FOUND OR the_key IS NULL;
        SELECT id, status, (
                SELECT string_agg(product_id || ' ' || quantity, ',' ORDER BY product_id COLLATE "C")
                FROM order_items WHERE order_id = orders.id
            ) = (
                SELECT string_agg(product_id || ' ' || quantity, ',' ORDER BY product_id COLLATE "C")
                FROM unnest(product_ids, quantities) AS given (product_id, quantity)
            )
            INTO the_target, the_status, is_same FROM orders
            WHERE customer_id = the_customer AND idempotency_key = the_key;
        IF is_same THEN
            INSERT INTO order_aliases (order_id, correlation_id, customer_id, target_id)
                VALUES (the_order, the_correlation, the_customer, the_target) ON CONFLICT DO NOTHING;
            EXIT;
        END IF;
        -- Redis forgot the key, and another order was accepted under it: it is an order of its own.
        the_key := NULL;
        the_target := NULL;
        the_status := NULL;
    END LOOP;
    IF is_deletion AND the_target IS NOT NULL THEN
        PERFORM delete_order(the_target, the_customer);
    END IF;
    RETURN coalesce(the_status, 'FAILED');
END
$$;

-- CREATE OR REPLACE keeps the privileges, not the path.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp',
        'cancel_order(bigint, uuid, text, text, numeric, text, timestamptz, text[], text[], text[], numeric[], integer[], text, text, text, text, timestamptz, boolean)'::regprocedure,
        current_schema());
END
$$;

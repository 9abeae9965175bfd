-- The row in orders decides: between recording and cancelling an order, and between two requests with one idempotency
-- key. Events to publish move to a table of their own, so that the event log is never updated.

ALTER TABLE orders
    ADD COLUMN idempotency_key text CHECK (octet_length(idempotency_key) BETWEEN 1 AND 255),
    ADD COLUMN failure_code text CHECK (failure_code <> '');
COMMENT ON COLUMN orders.idempotency_key IS 'Of the request; unique with the customer.';
COMMENT ON COLUMN orders.failure_code IS 'Why a FAILED order failed; the reason in words is in its event.';
CREATE UNIQUE INDEX orders_idempotency_key ON orders (customer_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Enough for an hour at 5,000 orders a second; each order-accept holds three blocks. The next block begins an increment
-- after the last one.
ALTER SEQUENCE order_id_blocks INCREMENT BY 20000000;

CREATE FUNCTION move_order_ids() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    newest bigint;
    next_id bigint;
    size bigint;
BEGIN
    -- Two callers would move it twice, and the second might return a block that was reserved in between. The number is
    -- arbitrary but used for nothing else.
    PERFORM pg_advisory_xact_lock(7304105213410);
    SELECT coalesce(max(id), 0) INTO newest FROM orders;
    SELECT seqincrement INTO size FROM pg_sequence WHERE seqrelid = 'order_id_blocks'::regclass;
    SELECT last_value + CASE WHEN is_called THEN size ELSE 0 END INTO next_id FROM order_id_blocks;
    IF next_id > newest THEN
        RETURN NULL;
    END IF;
    RETURN setval('order_id_blocks', newest + 1 + 1000 * size, false);
END
$$;
COMMENT ON FUNCTION move_order_ids() IS
    'Moves a sequence that is behind the recorded orders, after a restore or a failover to a standby that lagged: past them '
    'and past the blocks that order-accept may still hold. Returns the next id; null when it was not behind.';

CREATE FUNCTION reserve_order_ids(OUT first_id bigint, OUT size bigint, OUT was_behind boolean)
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    was_behind := move_order_ids() IS NOT NULL;
    first_id := nextval('order_id_blocks');
    SELECT seqincrement INTO size FROM pg_sequence WHERE seqrelid = 'order_id_blocks'::regclass;
END
$$;
COMMENT ON FUNCTION reserve_order_ids IS 'Reserves the ids from first_id on, so many as size says.';

-- Newest first by acceptance, whichever replica accepted the order.
DROP INDEX orders_of_customer;
CREATE INDEX orders_of_customer ON orders (customer_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE order_aliases (
    order_id        bigint       PRIMARY KEY CHECK (order_id BETWEEN 1 AND 9007199254740991),
    correlation_id  uuid         NOT NULL UNIQUE,
    customer_id     text         NOT NULL,
    target_id       bigint       NOT NULL REFERENCES orders (id),
    created_at      timestamptz  NOT NULL DEFAULT now()
);
COMMENT ON TABLE order_aliases IS
    'Ids of requests that repeated another''s idempotency key and were accepted, because Redis had forgotten the key.';

CREATE TABLE order_intake (
    correlation_id   uuid        PRIMARY KEY,
    order_id         bigint      NOT NULL UNIQUE CHECK (order_id BETWEEN 1 AND 9007199254740991),
    customer_id      text        NOT NULL CHECK (octet_length(customer_id) BETWEEN 1 AND 128),
    idempotency_key  text        CHECK (octet_length(idempotency_key) BETWEEN 1 AND 255),
    payload          json        NOT NULL,
    metadata         json        NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE order_intake IS 'Orders accepted while Redis or RabbitMQ did not answer; order-process records them from here.';
COMMENT ON COLUMN order_intake.payload IS 'The bytes of order.accepted.v1.';
CREATE INDEX order_intake_of_customer ON order_intake (customer_id, created_at DESC);
-- Rows come and go: the planner must not believe that the table is empty.
ALTER TABLE order_intake SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE order_outbox (
    order_id    bigint      NOT NULL,
    version     integer     NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, version)
);
COMMENT ON TABLE order_outbox IS 'Events of order_events that the broker has not confirmed.';
ALTER TABLE order_outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
INSERT INTO order_outbox (order_id, version, created_at)
    SELECT order_id, version, created_at FROM order_events WHERE published_at IS NULL;

DROP TRIGGER keep_unpublished ON order_events;
DROP TRIGGER append_only ON order_events;
DROP TRIGGER announce_append ON order_events;
DROP FUNCTION announce_append();
ALTER TABLE order_events DROP COLUMN published_at;
CREATE TRIGGER append_only BEFORE UPDATE ON order_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change();
COMMENT ON TABLE order_events IS 'Append-only: rows are never updated.';

-- The order's row and lines answer queries; a view of them cost a row an order and lagged behind.
DROP TABLE order_view;

CREATE TABLE orders_by_minute (
    minute     timestamptz PRIMARY KEY,
    accepted   bigint      NOT NULL,
    completed  bigint      NOT NULL,
    failed     bigint      NOT NULL,
    cancelled  bigint      NOT NULL
);
COMMENT ON TABLE orders_by_minute IS 'Events of each minute (UTC), by type.';

CREATE TABLE failures_by_reason (
    reason          text        PRIMARY KEY,
    orders          bigint      NOT NULL,
    last_failed_at  timestamptz NOT NULL
);

-- The read models begin again, so that the new ones have the whole log.
DELETE FROM sales_by_product;
UPDATE read_model_position SET position = 0;

DROP TRIGGER deletions ON orders;
DROP FUNCTION apply_order_deletions();
DROP FUNCTION delete_order(bigint, text, boolean);
DROP TABLE order_deletions;

CREATE FUNCTION delete_order(the_order bigint, the_customer text) RETURNS uuid
LANGUAGE sql SECURITY DEFINER AS $$
    UPDATE orders SET deleted_at = now(), updated_at = now()
        WHERE customer_id = the_customer AND deleted_at IS NULL AND id = coalesce(
            (SELECT target_id FROM order_aliases WHERE order_id = the_order), the_order)
        RETURNING correlation_id
$$;
COMMENT ON FUNCTION delete_order(bigint, text) IS
    'Hides a recorded order of its customer and returns its correlation id. Null when there is none.';

-- One row of order.accepted as the caller accepted it, with its cancellation. Whichever of this and order-process
-- writes the order's row first decides.
CREATE FUNCTION cancel_order(
    the_order bigint, the_correlation uuid, the_customer text, the_key text, the_total numeric, the_currency text,
    accepted_at timestamptz, product_ids text[], product_names text[], image_urls text[], unit_prices numeric[],
    quantities integer[], acceptance text, acceptance_metadata text, cancellation text, cancellation_metadata text,
    cancelled_at timestamptz, is_deletion boolean
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    the_target bigint;
    the_status text;
BEGIN
    INSERT INTO customers (id) VALUES (the_customer) ON CONFLICT DO NOTHING;
    INSERT INTO orders (id, correlation_id, customer_id, status, total, currency, version, created_at, idempotency_key,
            deleted_at)
        VALUES (the_order, the_correlation, the_customer, 'CANCELLED', the_total, the_currency, 2, accepted_at, the_key,
            CASE WHEN is_deletion THEN now() END)
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
    IF NOT FOUND THEN
        SELECT id, status INTO the_target, the_status FROM orders
            WHERE customer_id = the_customer AND idempotency_key = the_key;
        IF FOUND THEN
            INSERT INTO order_aliases (order_id, correlation_id, customer_id, target_id)
                VALUES (the_order, the_correlation, the_customer, the_target) ON CONFLICT DO NOTHING;
        END IF;
    END IF;
    IF is_deletion AND the_target IS NOT NULL THEN
        PERFORM delete_order(the_target, the_customer);
    END IF;
    RETURN coalesce(the_status, 'FAILED');
END
$$;
COMMENT ON FUNCTION cancel_order IS
    'Writes an order that is not recorded yet as CANCELLED, and returns null; else returns the status that was recorded '
    'before. is_deletion: also hides the order, which may then be recorded already.';

CREATE FUNCTION take_orders(
    correlation_ids uuid[], order_ids bigint[], customer_ids text[], idempotency_keys text[], payloads text[],
    metadata text[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$
    INSERT INTO order_intake (correlation_id, order_id, customer_id, idempotency_key, payload, metadata)
        SELECT given.correlation_id, given.order_id, given.customer_id, given.idempotency_key, given.payload::json,
            given.metadata::json
        FROM unnest(correlation_ids, order_ids, customer_ids, idempotency_keys, payloads, metadata)
            AS given (correlation_id, order_id, customer_id, idempotency_key, payload, metadata)
        ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION take_orders IS 'Accepts orders into order_intake; repeated calls change nothing.';

CREATE FUNCTION mark_order_published(the_order bigint, the_version integer) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$
    DELETE FROM order_outbox WHERE order_id = the_order AND version = the_version
$$;
COMMENT ON FUNCTION mark_order_published IS 'The broker has confirmed the event.';

-- A definer's function must not find tables that the caller made (CREATE FUNCTION, "Writing SECURITY DEFINER
-- Functions Safely").
DO $$
DECLARE
    definer regprocedure;
BEGIN
    FOREACH definer IN ARRAY ARRAY[
        'move_order_ids()', 'reserve_order_ids()', 'delete_order(bigint, text)', 'mark_order_published(bigint, integer)',
        'take_orders(uuid[], bigint[], text[], text[], text[], text[])',
        'cancel_order(bigint, uuid, text, text, numeric, text, timestamptz, text[], text[], text[], numeric[], integer[], text, text, text, text, timestamptz, boolean)'
    ]::regprocedure[] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', definer, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    END LOOP;
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
    -- An earlier version of order-accept, during an upgrade.
    GRANT USAGE ON SEQUENCE order_id_blocks TO waybill_reader;
    GRANT EXECUTE ON FUNCTION reserve_order_ids, delete_order, cancel_order, take_orders, mark_order_published
        TO waybill_reader;
    RETURN true;
END
$$;
SELECT grant_reader_access();

CREATE OR REPLACE FUNCTION grant_operator_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_operator') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_operator', current_schema());
    GRANT SELECT ON order_events, order_outbox, sales_by_product, orders_by_minute, failures_by_reason
        TO waybill_operator;
    RETURN true;
END
$$;
SELECT grant_operator_access();

-- What order-notification may do: find the customer of an order that Redis has forgotten.
CREATE FUNCTION grant_notifier_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_notifier') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_notifier', current_schema());
    GRANT SELECT (correlation_id, customer_id) ON orders, order_aliases, order_intake TO waybill_notifier;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION grant_notifier_access() FROM PUBLIC;
COMMENT ON FUNCTION grant_notifier_access() IS 'Idempotent; false when there is no role waybill_notifier.';
SELECT grant_notifier_access();

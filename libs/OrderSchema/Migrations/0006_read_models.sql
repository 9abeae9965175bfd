-- What is read off the event log: kept up to date behind it, and rebuilt from it at will.

-- Positions are taken in one order and committed in another, so a reader that has seen position 7 may have
-- missed 6. Whoever appends holds this lock, shared, until it commits; a reader that gets it for itself alone,
-- for as long as it takes to read the last position, knows that nothing below will come any more.
CREATE FUNCTION announce_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7304105213409);
    RETURN NULL;
END
$$;
CREATE TRIGGER announce_append BEFORE INSERT ON order_events
    FOR EACH STATEMENT EXECUTE FUNCTION announce_append();

CREATE TABLE order_view (
    order_id        bigint        PRIMARY KEY,
    correlation_id  uuid          NOT NULL,
    customer_id     text          NOT NULL,
    status          text          NOT NULL,
    total           numeric(14,2) NOT NULL,
    currency        text          NOT NULL,
    items           jsonb         NOT NULL,
    version         integer       NOT NULL,
    created_at      timestamptz   NOT NULL,
    updated_at      timestamptz   NOT NULL
);
COMMENT ON TABLE order_view IS 'An order with its lines in one row. Deletions are not events: join orders for them.';
COMMENT ON COLUMN order_view.version IS 'Of the last event in it.';
COMMENT ON COLUMN order_view.updated_at IS 'When that happened.';
CREATE INDEX order_view_of_customer ON order_view (customer_id, order_id DESC);

CREATE TABLE sales_by_product (
    product_id    text          PRIMARY KEY,
    orders        bigint        NOT NULL,
    quantity      bigint        NOT NULL,
    revenue       numeric(18,2) NOT NULL,
    last_sold_at  timestamptz   NOT NULL
);
COMMENT ON TABLE sales_by_product IS 'Of completed orders.';

CREATE TABLE read_model_position (
    is_only     boolean     PRIMARY KEY DEFAULT true CHECK (is_only),
    position    bigint      NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE read_model_position IS 'The last position of order_events that is in the read models; who writes them holds its row.';
INSERT INTO read_model_position (position) VALUES (0);

-- As before, with what came since.
CREATE OR REPLACE FUNCTION grant_reader_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_reader') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_reader', current_schema());
    GRANT SELECT ON products, orders, order_items, order_deletions, order_view, sales_by_product
        TO waybill_reader;
    GRANT USAGE ON SEQUENCE order_id_blocks TO waybill_reader;
    GRANT EXECUTE ON FUNCTION delete_order(bigint, text, boolean) TO waybill_reader;
    RETURN true;
END
$$;

SELECT grant_reader_access();

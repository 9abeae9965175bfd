-- Deleting an order hides it; the record stays. order-accept's role cannot write, but may call this.

CREATE TABLE order_deletions (
    order_id     bigint       PRIMARY KEY CHECK (order_id BETWEEN 1 AND 9007199254740991),
    customer_id  text         NOT NULL CHECK (octet_length(customer_id) BETWEEN 1 AND 128),
    created_at   timestamptz  NOT NULL DEFAULT now()
);
COMMENT ON TABLE order_deletions IS
    'Orders that were deleted before they were persisted. Readers leave them out as well: a deletion and an '
    'insert that commit at the same moment do not see each other.';

CREATE FUNCTION delete_order(the_order bigint, the_customer text, is_pending boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF is_pending THEN
        INSERT INTO order_deletions (order_id, customer_id) VALUES (the_order, the_customer)
            ON CONFLICT DO NOTHING;
    END IF;
    UPDATE orders SET deleted_at = now(), updated_at = now()
        WHERE id = the_order AND customer_id = the_customer AND deleted_at IS NULL;
    RETURN FOUND OR is_pending;
END
$$;
REVOKE ALL ON FUNCTION delete_order(bigint, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION delete_order(bigint, text, boolean) IS
    'Hides an order of its customer. is_pending: the caller has made sure that the customer owns it, and it '
    'may not be persisted yet. False when there is nothing to delete.';

-- A definer's function must not find tables that the caller made (CREATE FUNCTION, "Writing SECURITY DEFINER
-- Functions Safely").
DO $$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION delete_order(bigint, text, boolean) SET search_path = %I, pg_temp', current_schema());
END
$$;

CREATE FUNCTION apply_order_deletions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM order_deletions) THEN
        UPDATE orders SET deleted_at = deletion.created_at
            FROM inserted JOIN order_deletions deletion
                ON deletion.order_id = inserted.id AND deletion.customer_id = inserted.customer_id
            WHERE orders.id = inserted.id;
    END IF;
    RETURN NULL;
END
$$;
-- Once a statement: a batch of orders pays for one look at a table that is mostly empty.
CREATE TRIGGER deletions AFTER INSERT ON orders REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION apply_order_deletions();

-- As before, with what came since.
CREATE OR REPLACE FUNCTION grant_reader_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_reader') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_reader', current_schema());
    GRANT SELECT ON products, orders, order_items, order_deletions TO waybill_reader;
    GRANT USAGE ON SEQUENCE order_id_blocks TO waybill_reader;
    GRANT EXECUTE ON FUNCTION delete_order(bigint, text, boolean) TO waybill_reader;
    RETURN true;
END
$$;

SELECT grant_reader_access();

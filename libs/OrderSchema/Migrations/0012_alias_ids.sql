-- The status of a repeated request is told with the id that its client knows. A price is a number.

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

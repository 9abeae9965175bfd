-- order-notification answers a client's question for the status of an order that Redis has forgotten.

CREATE OR REPLACE FUNCTION grant_notifier_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_notifier') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_notifier', current_schema());
    GRANT SELECT (id, correlation_id, customer_id, status, deleted_at) ON orders TO waybill_notifier;
    GRANT SELECT (correlation_id, customer_id, target_id) ON order_aliases TO waybill_notifier;
    GRANT SELECT (order_id, correlation_id, customer_id) ON order_intake TO waybill_notifier;
    RETURN true;
END
$$;
SELECT grant_notifier_access();

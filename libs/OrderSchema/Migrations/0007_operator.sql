-- What the operator's console may do: read the event log, and nothing else. The role is made by whoever makes the
-- database; made later, SELECT grant_operator_access() lets it in.

CREATE FUNCTION grant_operator_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_operator') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_operator', current_schema());
    GRANT SELECT ON order_events TO waybill_operator;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION grant_operator_access() FROM PUBLIC;
COMMENT ON FUNCTION grant_operator_access() IS 'Idempotent; false when there is no role waybill_operator.';

SELECT grant_operator_access();

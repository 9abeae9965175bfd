-- What order-accept may do: read the catalogue and orders, and reserve blocks of ids. The role is made by
-- whoever makes the database; made later, SELECT grant_reader_access() lets it in.

CREATE FUNCTION grant_reader_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_reader') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_reader', current_schema());
    GRANT SELECT ON products, orders, order_items TO waybill_reader;
    GRANT USAGE ON SEQUENCE order_id_blocks TO waybill_reader;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION grant_reader_access() FROM PUBLIC;
COMMENT ON FUNCTION grant_reader_access() IS 'Idempotent; false when there is no role waybill_reader.';

SELECT grant_reader_access();

-- The console finds orders, and explains one: it reads their rows, those that wait, and those that repeated a key. And it
-- writes down what operators do.

CREATE OR REPLACE FUNCTION grant_operator_access() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_operator') THEN
        RETURN false;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waybill_operator', current_schema());
    GRANT SELECT ON order_events, order_outbox, sales_by_product, orders_by_minute, failures_by_reason,
        orders, order_aliases, order_intake, operator_acts TO waybill_operator;
    GRANT INSERT (operator, act, subject) ON operator_acts TO waybill_operator;
    RETURN true;
END
$$;

-- Few orders end so, and they are what an operator looks for; others are found by their id, newest first. Orders are not
-- recorded while the index is built, a second or so for some million rows; they are accepted meanwhile.
CREATE INDEX orders_ended_badly ON orders (status, id DESC) WHERE status IN ('FAILED', 'CANCELLED');

-- Who did what in the console.
CREATE TABLE operator_acts (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    operator  text        NOT NULL CHECK (octet_length(operator) BETWEEN 1 AND 128),
    act       text        NOT NULL CHECK (act <> ''),
    subject   text        NOT NULL CHECK (octet_length(subject) <= 4096)
);
COMMENT ON TABLE operator_acts IS 'Append-only: each act is written before it is carried out.';
CREATE FUNCTION refuse_act_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operator_acts is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON operator_acts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_act_change();

SELECT grant_operator_access();

-- The event log in a partition a month, so that old months are dropped instead of deleted row by row. The rows so far
-- become the partition of this month and everything before it. Both indexes begin with what they are searched by: the
-- time is in them because a partitioned table's constraints must contain it.

-- One insertion point at a time: an insert between the two names would fail.
LOCK TABLE order_events IN ACCESS EXCLUSIVE MODE;
ALTER TABLE order_events RENAME TO order_events_first;
ALTER TABLE order_events_first ALTER COLUMN position DROP IDENTITY;
ALTER TABLE order_events_first DROP CONSTRAINT order_events_pkey;
ALTER TABLE order_events_first DROP CONSTRAINT order_events_order_id_version_key;
DROP TRIGGER append_only ON order_events_first;

CREATE SEQUENCE order_event_positions;
SELECT setval('order_event_positions', (SELECT coalesce(max(position), 0) + 1 FROM order_events_first), false);

CREATE TABLE order_events (
    position      bigint      NOT NULL DEFAULT nextval('order_event_positions'),
    order_id      bigint      NOT NULL,
    version       integer     NOT NULL,
    type          text        NOT NULL,
    payload       json        NOT NULL,
    metadata      json        NOT NULL DEFAULT '{}',
    occurred_at   timestamptz NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- Those of the first partition, by name.
    CONSTRAINT order_events_order_id_check CHECK (order_id BETWEEN 1 AND 9007199254740991),
    CONSTRAINT order_events_version_check CHECK (version > 0),
    CONSTRAINT order_events_type_check CHECK (type <> ''),
    PRIMARY KEY (position, created_at),
    UNIQUE (order_id, version, created_at)
) PARTITION BY RANGE (created_at);
ALTER SEQUENCE order_event_positions OWNED BY order_events.position;
COMMENT ON TABLE order_events IS
    'Append-only: rows are never updated. Whole months are dropped after the time of retention.';
COMMENT ON COLUMN order_events.position IS
    'Global order of insertion, not of commit: a reader that only remembers the last position it saw skips '
    'rows that commit late.';
COMMENT ON COLUMN order_events.version IS 'Position within the order, from 1 without gaps.';
COMMENT ON COLUMN order_events.type IS 'Name with version, such as order.processed.v1.';
COMMENT ON COLUMN order_events.payload IS 'json, not jsonb: the very bytes that are published.';
COMMENT ON COLUMN order_events.metadata IS 'messageId, correlationId, causationId, traceparent.';

-- For rows of a month without a partition, such as after a jump of the clock.
CREATE TABLE order_events_default PARTITION OF order_events DEFAULT;

CREATE FUNCTION add_order_event_partition(the_month timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    first_moment timestamptz := date_trunc('month', the_month, 'UTC');
    next_moment timestamptz := (first_moment AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    name text := 'order_events_' || to_char(first_moment AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(7304105213411);
    IF to_regclass(name) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE order_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    -- Attaching, unlike CREATE TABLE ... PARTITION OF, does not wait for writers.
    EXECUTE format('ALTER TABLE order_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name,
        first_moment, next_moment);
    RETURN name;
EXCEPTION WHEN invalid_object_definition OR check_violation THEN
    -- Another partition holds rows of the month, or the default one does.
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION add_order_event_partition(timestamptz) IS
    'Adds the partition of a month (UTC) and returns its name; null when there is one, or when its rows are elsewhere.';

DO $$
DECLARE
    next_moment timestamptz :=
        (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    EXECUTE format('ALTER TABLE order_events ATTACH PARTITION order_events_first FOR VALUES FROM (MINVALUE) TO (%L)',
        next_moment);
    PERFORM add_order_event_partition(next_moment);
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE ON order_events FOR EACH ROW EXECUTE FUNCTION refuse_event_change();

-- What the dropped months contributed to the read models, which a rebuild begins with.
CREATE TABLE sales_by_product_dropped (LIKE sales_by_product INCLUDING ALL);
CREATE TABLE orders_by_minute_dropped (LIKE orders_by_minute INCLUDING ALL);
CREATE TABLE failures_by_reason_dropped (LIKE failures_by_reason INCLUDING ALL);
COMMENT ON TABLE sales_by_product_dropped IS 'The share of the months of order_events that were dropped.';
COMMENT ON TABLE orders_by_minute_dropped IS 'The share of the months of order_events that were dropped.';
COMMENT ON TABLE failures_by_reason_dropped IS 'The share of the months of order_events that were dropped.';

-- The grants were those of the table's former name.
SELECT grant_reader_access(), grant_operator_access();

-- The event store and the outbox in one table, written in the order's own transaction.

CREATE TABLE order_events (
    position      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id      bigint      NOT NULL CHECK (order_id BETWEEN 1 AND 9007199254740991),
    version       integer     NOT NULL CHECK (version > 0),
    type          text        NOT NULL CHECK (type <> ''),
    payload       json        NOT NULL,
    metadata      json        NOT NULL DEFAULT '{}',
    occurred_at   timestamptz NOT NULL,
    published_at  timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (order_id, version)
);
COMMENT ON TABLE order_events IS 'Append-only; only published_at ever changes. Retention deletes published events.';
COMMENT ON COLUMN order_events.position IS
    'Global order of insertion, not of commit: a reader that only remembers the last position it saw skips '
    'rows that commit late.';
COMMENT ON COLUMN order_events.version IS 'Position within the order, from 1 without gaps.';
COMMENT ON COLUMN order_events.type IS 'Name with version, such as order.processed.v1.';
COMMENT ON COLUMN order_events.payload IS 'json, not jsonb: the very bytes that are published.';
COMMENT ON COLUMN order_events.metadata IS 'messageId, correlationId, causationId, traceparent.';
COMMENT ON COLUMN order_events.published_at IS 'When the broker confirmed it; null is still to be published.';

-- What a crash left: a handful of rows, read in order per order.
CREATE INDEX order_events_unpublished ON order_events (position) WHERE published_at IS NULL;

-- Fires only when a statement names one of these columns: marking as published costs nothing.
CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'order_events is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER append_only
    BEFORE UPDATE OF position, order_id, version, type, payload, metadata, occurred_at, created_at
    ON order_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change();
CREATE TRIGGER keep_unpublished BEFORE DELETE ON order_events FOR EACH ROW
    WHEN (OLD.published_at IS NULL) EXECUTE FUNCTION refuse_event_change();

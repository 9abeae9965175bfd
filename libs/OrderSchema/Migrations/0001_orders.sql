-- The system of record. Owned by order-process; order-accept reads through a role that cannot write.
-- No statement here is to be run twice: the runner keeps the versions it applied.

-- A foreign key checked while its table is tiny is planned as a scan of the whole table, and each session
-- keeps that plan while the table grows: at 20,000 rows a transaction of 128 orders took 400 ms instead of
-- 5. Where a look-up through an index costs less than the one page of the smallest table, the planner never
-- starts that way. Sessions opened before this statement do not see it: connect after migrating.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET random_page_cost = 0.1', current_database());
END
$$;

-- Ids by blocks: nextval gives the first of 1,000 that the caller may use (hi/lo).
CREATE SEQUENCE order_id_blocks AS bigint
    START WITH 1 INCREMENT BY 1000 MINVALUE 1 MAXVALUE 9007199254739992 NO CYCLE;

CREATE TABLE customers (
    id          text        PRIMARY KEY CHECK (octet_length(id) BETWEEN 1 AND 128),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    deleted_at  timestamptz
);
COMMENT ON TABLE customers IS 'Who has ordered; the id is the subject of a verified token.';

CREATE TABLE products (
    external_product_id text          PRIMARY KEY CHECK (octet_length(external_product_id) BETWEEN 1 AND 64),
    name                text          NOT NULL CHECK (name <> ''),
    category            text          NOT NULL CHECK (category <> ''),
    vendor              text          NOT NULL CHECK (vendor <> ''),
    image_url           text          NOT NULL,
    discount            smallint      NOT NULL DEFAULT 0 CHECK (discount BETWEEN 0 AND 100),
    billing_period      text          NOT NULL CHECK (billing_period IN ('Monthly', 'Annual')),
    is_subscription     boolean       NOT NULL DEFAULT true,
    price               numeric(10,2) NOT NULL CHECK (price >= 0),
    currency            text          NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
    is_active           boolean       NOT NULL DEFAULT true,
    created_at          timestamptz   NOT NULL DEFAULT now(),
    updated_at          timestamptz   NOT NULL DEFAULT now(),
    deleted_at          timestamptz
);
COMMENT ON COLUMN products.discount IS 'Whole percent, already taken off price: shown, never applied again.';
COMMENT ON COLUMN products.is_active IS 'Can be ordered; deleted_at hides the product from operators as well.';

CREATE TABLE orders (
    id              bigint        PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
    correlation_id  uuid          NOT NULL UNIQUE,
    customer_id     text          NOT NULL REFERENCES customers (id),
    status          text          NOT NULL
        CHECK (status IN ('ACCEPTED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED')),
    total           numeric(14,2) NOT NULL CHECK (total >= 0),
    currency        text          NOT NULL DEFAULT 'EUR' CHECK (octet_length(currency) = 3),
    version         integer       NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at      timestamptz   NOT NULL DEFAULT now(),
    updated_at      timestamptz   NOT NULL DEFAULT now(),
    deleted_at      timestamptz
);
COMMENT ON COLUMN orders.created_at IS 'When order-accept accepted it, not when the row was written.';
COMMENT ON COLUMN orders.version IS 'That of the order''s last event.';

-- One's own orders, newest first: ids grow with time closely enough, and paging by them is stable.
CREATE INDEX orders_of_customer ON orders (customer_id, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE order_items (
    order_id      bigint        NOT NULL REFERENCES orders (id),
    line          smallint      NOT NULL CHECK (line BETWEEN 1 AND 100),
    product_id    text          NOT NULL,
    product_name  text          NOT NULL,
    image_url     text          NOT NULL,
    unit_price    numeric(10,2) NOT NULL CHECK (unit_price >= 0),
    quantity      integer       NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    created_at    timestamptz   NOT NULL DEFAULT now(),
    updated_at    timestamptz   NOT NULL DEFAULT now(),
    deleted_at    timestamptz,
    PRIMARY KEY (order_id, line)
);
COMMENT ON TABLE order_items IS 'Lines with name, picture and price as they were at acceptance.';
-- A snapshot must outlive its product, and a foreign key would lock the same 145 rows in every
-- transaction (key-share locks, multixacts between replicas): so there is none. order-process joins with
-- products when it inserts, and parks what it does not find.
COMMENT ON COLUMN order_items.product_id IS 'products.external_product_id at acceptance.';

-- Statements that know the moment set updated_at themselves and cost nothing here.
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER touch BEFORE UPDATE ON customers FOR EACH ROW
    WHEN (OLD.updated_at = NEW.updated_at) EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON products FOR EACH ROW
    WHEN (OLD.updated_at = NEW.updated_at) EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW
    WHEN (OLD.updated_at = NEW.updated_at) EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON order_items FOR EACH ROW
    WHEN (OLD.updated_at = NEW.updated_at) EXECUTE FUNCTION touch_updated_at();

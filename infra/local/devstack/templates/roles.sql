-- Idempotent: runs at every start.
SELECT 'CREATE ROLE @OWNER@' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '@OWNER@') \gexec
SELECT 'CREATE ROLE @READER@' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '@READER@') \gexec
SELECT 'CREATE ROLE @NOTIFIER@' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '@NOTIFIER@') \gexec
SELECT 'CREATE ROLE @OPERATOR@' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '@OPERATOR@') \gexec
ALTER ROLE @OWNER@ LOGIN PASSWORD '@OWNER_PASSWORD@';
ALTER ROLE @READER@ LOGIN PASSWORD '@READER_PASSWORD@';
ALTER ROLE @NOTIFIER@ LOGIN PASSWORD '@NOTIFIER_PASSWORD@';
ALTER ROLE @OPERATOR@ LOGIN PASSWORD '@OPERATOR_PASSWORD@';
SELECT 'CREATE DATABASE @DATABASE@ OWNER @OWNER@'
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '@DATABASE@') \gexec
REVOKE CONNECT ON DATABASE @DATABASE@ FROM PUBLIC;
GRANT CONNECT ON DATABASE @DATABASE@ TO @READER@, @NOTIFIER@, @OPERATOR@;
\connect @DATABASE@
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO @READER@, @NOTIFIER@, @OPERATOR@;
ALTER SCHEMA public OWNER TO @OWNER@;
-- The migrations grant table privileges to the other roles.
-- Those of a database that was migrated before a role was created.
SELECT format('SELECT %I()', proname) FROM pg_proc
    WHERE proname IN ('grant_reader_access', 'grant_notifier_access', 'grant_operator_access')
        AND pronamespace = 'public'::regnamespace \gexec

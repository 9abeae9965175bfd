#!/bin/bash
# Runs once, on an empty data directory: creates the database, its owner (order-process) and the roles of order-accept and
# order-notification, to which the migrations grant privileges.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -v owner="$WAYBILL_DB_PASSWORD" -v reader="$WAYBILL_READER_PASSWORD" \
    -v notifier="$WAYBILL_NOTIFIER_PASSWORD" <<'SQL'
CREATE ROLE waybill LOGIN PASSWORD :'owner';
CREATE ROLE waybill_reader LOGIN PASSWORD :'reader';
CREATE ROLE waybill_notifier LOGIN PASSWORD :'notifier';
CREATE DATABASE waybill OWNER waybill;
REVOKE CONNECT ON DATABASE waybill FROM PUBLIC;
GRANT CONNECT ON DATABASE waybill TO waybill_reader, waybill_notifier;
\connect waybill
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO waybill;
SQL

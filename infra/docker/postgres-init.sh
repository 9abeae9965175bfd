#!/bin/bash
# Runs once, on an empty data directory: creates the database, its owner (order-process) and the roles of order-accept,
# order-notification and the console, to which the migrations grant privileges.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" <<'SQL'
\set owner `cat /run/secrets/database_owner_password`
\set reader `cat /run/secrets/database_reader_password`
\set notifier `cat /run/secrets/database_notifier_password`
\set operator `cat /run/secrets/database_operator_password`
CREATE ROLE waybill LOGIN PASSWORD :'owner';
CREATE ROLE waybill_reader LOGIN PASSWORD :'reader';
CREATE ROLE waybill_notifier LOGIN PASSWORD :'notifier';
CREATE ROLE waybill_operator LOGIN PASSWORD :'operator';
CREATE DATABASE waybill OWNER waybill;
REVOKE CONNECT ON DATABASE waybill FROM PUBLIC;
GRANT CONNECT ON DATABASE waybill TO waybill_reader, waybill_notifier, waybill_operator;
\connect waybill
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO waybill_reader, waybill_notifier, waybill_operator;
ALTER SCHEMA public OWNER TO waybill;
SQL

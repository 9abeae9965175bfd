#!/bin/bash
# The part of the official image's entry point that docker-compose.yml relies on. Sockets are in /tmp: podman gives a tmpfs
# for /run/postgresql other permissions than Docker.
set -euo pipefail
export PGHOST=/tmp
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb -U "$POSTGRES_USER" -A scram-sha-256 --pwfile="$POSTGRES_PASSWORD_FILE" -E UTF8 --locale=C.UTF-8 >/dev/null
    printf 'local all all trust\n%s\n' "$(cat "$PGDATA/pg_hba.conf")" >"$PGDATA/pg_hba.conf"
    printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    pg_ctl -w -o "-c listen_addresses='' -k /tmp" start >/dev/null
    for script in /docker-entrypoint-initdb.d/*.sh; do bash "$script"; done
    pg_ctl -w -m fast stop >/dev/null
fi
exec postgres -c listen_addresses='*' -k /tmp

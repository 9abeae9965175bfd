#!/bin/sh
# Redis with one user; the default one is off. The password comes from the environment and goes to a file that only
# this container has, not to the command line.
set -eu
: "${REDIS_PASSWORD:?}"
umask 077
printf 'user default off resetpass ~* &* +@all\nuser waybill on >%s ~* &* +@all\n' "$REDIS_PASSWORD" >/tmp/users.acl
exec redis-server --aclfile /tmp/users.acl --dir /data --appendonly yes --appendfsync everysec --save ''

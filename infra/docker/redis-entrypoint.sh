#!/bin/sh
# Redis with one user and the default user off. The password is passed in a file, not on the command line.
set -eu
: "${REDIS_PASSWORD:?}"
umask 077
printf 'user default off resetpass ~* &* +@all\nuser waybill on >%s ~* &* +@all\n' "$REDIS_PASSWORD" >/tmp/users.acl
exec redis-server --aclfile /tmp/users.acl --dir /data --appendonly yes --appendfsync everysec --save ''

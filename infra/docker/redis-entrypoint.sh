#!/bin/sh
# Redis with a user for the services, one for the console, who reads the notifiers' registrations, and the default user
# off. The passwords are passed in a file, not on the command line.
#   MAXMEMORY   beyond it, keys that expire are evicted: the services find the orders in PostgreSQL
set -eu
umask 077
{
    echo 'user default off resetpass ~* &* +@all'
    echo "user waybill on >$(cat /run/secrets/redis_password) ~* &* +@all"
    echo "user observer on >$(cat /run/secrets/redis_observer_password) %R~notify:replica* %R~notify:mailbox:*" \
        '%R~order:status:* %R~order:map:* %R~order:pending:* %R~order:queued* resetchannels -@all' \
        '+auth +ping +client|setname +zrangebyscore +zcard +zrange +mget +xrevrange'
} >/tmp/users.acl
exec redis-server --aclfile /tmp/users.acl --dir /data --appendonly yes --appendfsync everysec --save '' \
    --maxmemory "${MAXMEMORY:-256mb}" --maxmemory-policy volatile-lru --client-output-buffer-limit pubsub 64mb 16mb 30

#!/bin/bash
# Fills in nginx's configuration and becomes nginx.
#   ACCEPTORS, NOTIFIERS   host:port of each replica, separated by spaces
#   OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_SCOPE   with whom the pages sign people in
#   WAYBILL_PROFILE        `development`: any user id will do as well
#   /tls                   certificate.pem and key.pem; a self-signed pair is made where none is mounted
set -euo pipefail
: "${ACCEPTORS:?}" "${NOTIFIERS:?}"
run=/tmp/edge tls=/tls
mkdir -p "$run"

servers() { # one line for nginx; a replica is tried again a second after it failed
    printf 'server %s max_fails=1 fail_timeout=1s; ' "$@"
}

if [ ! -e "$tls/certificate.pem" ]; then
    tls=$run/tls
    mkdir -p "$tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$tls/key.pem" -out "$tls/certificate.pem" \
        2>/dev/null
fi
development=false oidc=null origin=
[ "${WAYBILL_PROFILE:-}" != development ] || development=true
if [ -n "${OIDC_ISSUER:-}" ]; then
    : "${OIDC_CLIENT_ID:?}" "${OIDC_SCOPE:=openid offline_access}"
    # These become part of nginx's configuration.
    [[ "$OIDC_ISSUER$OIDC_CLIENT_ID$OIDC_SCOPE" =~ ^[A-Za-z0-9_.:/~\ -]+$ && $OIDC_ISSUER =~ ^(https?://[^/]+) ]] ||
        { echo "OIDC_… holds what it cannot" >&2; exit 1; }
    origin=" ${BASH_REMATCH[1]}"
    oidc="{\"issuer\":\"$OIDC_ISSUER\",\"clientId\":\"$OIDC_CLIENT_ID\",\"scope\":\"$OIDC_SCOPE\"}"
fi
# Word splitting makes one argument of each replica.
# shellcheck disable=SC2086
sed -e "s|@USER@||; s|@DATA@|$run|; s|@MIME_TYPES@|/etc/nginx/mime.types|; s|@LOG@/access.log|/dev/stdout|" \
    -e "s|@TLS@|$tls|; s|@SITE@|/site|; s|@ADDRESS@|0.0.0.0|; s|@PORT@|8080|; s|@TLS_PORT@|8443|" \
    -e "s|@SIGN_IN@|{\"development\":$development,\"oidc\":$oidc}|; s|@ISSUER@|$origin|; s|@CONSOLE@|${CONSOLE:-127.0.0.1:8070}|" \
    -e "s|@ACCEPTORS@|$(servers $ACCEPTORS)|; s|@NOTIFIERS@|$(servers $NOTIFIERS)|" \
    /etc/waybill/nginx.conf.in >"$run/nginx.conf"
exec nginx -e stderr -p "$run" -c "$run/nginx.conf"

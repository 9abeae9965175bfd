#!/bin/bash
# Renders nginx's configuration and executes nginx.
#   ACCEPTORS, NOTIFIERS   host:port of each replica, separated by spaces
#   OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_SCOPE   the OpenID Connect provider for sign-in
#   TRUSTED_PROXIES        networks of proxies before the edge that name the client in X-Forwarded-For, separated by commas
#   ALLOWED_ORIGINS        origins whose pages may read the edge's own errors, separated by commas; as the services have it
#   WAYBILL_PROFILE        `development`: sign-in by user id is offered as well
#   /tls                   certificate.pem and key.pem; a self-signed pair is generated when none is mounted
set -euo pipefail
: "${ACCEPTORS:?}" "${NOTIFIERS:?}"
run=/tmp/edge tls=/tls
mkdir -p "$run"

servers() { # FAILURES SECONDS HOST:PORT…: upstream servers; one is left out for that time after so many failures (0: never)
    local failures=$1 seconds=$2
    shift 2
    printf "server %s max_fails=$failures fail_timeout=${seconds}s; " "$@"
}

if [ ! -e "$tls/certificate.pem" ]; then
    tls=$run/tls
    mkdir -p "$tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$tls/key.pem" -out "$tls/certificate.pem" \
        2>/dev/null
fi
# With several replicas of order-accept, a silent one is given up early.
early_limit=5s query_limit=5s
[[ $ACCEPTORS != *' '* ]] || early_limit=280ms query_limit=1s
development=false oidc=null origin=
[ "${WAYBILL_PROFILE:-}" != development ] || development=true
if [ -n "${OIDC_ISSUER:-}" ]; then
    : "${OIDC_CLIENT_ID:?}" "${OIDC_SCOPE:=openid offline_access}"
    # The values are inserted into nginx's configuration.
    [[ "$OIDC_ISSUER$OIDC_CLIENT_ID$OIDC_SCOPE" =~ ^[A-Za-z0-9_.:/~\ -]+$ && $OIDC_ISSUER =~ ^(https?://[^/]+) ]] ||
        { echo "OIDC_…: expected only letters, digits and . : / ~ -" >&2; exit 1; }
    origin=" ${BASH_REMATCH[1]}"
    oidc="{\"issuer\":\"$OIDC_ISSUER\",\"clientId\":\"$OIDC_CLIENT_ID\",\"scope\":\"$OIDC_SCOPE\"}"
fi
trusted=
if [ -n "${TRUSTED_PROXIES:-}" ]; then
    [[ $TRUSTED_PROXIES =~ ^[0-9a-fA-F.:/,\ ]+$ ]] ||
        { echo "TRUSTED_PROXIES: expected networks such as 10.0.0.0/8, separated by commas" >&2; exit 1; }
    for network in ${TRUSTED_PROXIES//,/ }; do trusted+="set_real_ip_from $network; "; done
    trusted+="real_ip_header X-Forwarded-For; real_ip_recursive on;"
fi
origins=
while read -r allowed; do
    [[ $allowed =~ ^([A-Za-z0-9_.:/-]|\[|\])+$ || $allowed == '*' ]] ||
        { echo "ALLOWED_ORIGINS: expected origins such as https://shop.example, separated by commas" >&2; exit 1; }
    [[ $allowed != '*' ]] || allowed=default
    origins+="$allowed \$http_origin; "
done < <(tr -s ', ' '\n' <<<"${ALLOWED_ORIGINS:-}" | sort -u | grep .)
# Word splitting yields one argument per replica.
# shellcheck disable=SC2086
sed -e "s|@USER@||; s|@DATA@|$run|; s|@MIME_TYPES@|/etc/nginx/mime.types|; s|@LOG@/access.log|/dev/stdout|" \
    -e "s|@TLS@|$tls|; s|@SITE@|/site|; s|@ADDRESS@|0.0.0.0|; s|@PORT@|8080|; s|@TLS_PORT@|8443|" \
    -e "s|@SIGN_IN@|{\"development\":$development,\"oidc\":$oidc}|; s|@ISSUER@|$origin|; s|@CONSOLE@|${CONSOLE:-127.0.0.1:8070}|" \
    -e "s|@EARLY_LIMIT@|$early_limit|; s|@QUERY_LIMIT@|$query_limit|; s|@TRUSTED_PROXIES@|$trusted|" \
    -e "s|@ALLOWED_ORIGINS@|$origins|" \
    -e "s|@ACCEPTORS@|$(servers 1 3 $ACCEPTORS)|; s|@ANY_ACCEPTORS@|$(servers 0 1 $ACCEPTORS)|" \
    -e "s|@NOTIFIERS@|$(servers 1 1 $NOTIFIERS)|" \
    /etc/waybill/nginx.conf.in >"$run/nginx.conf"
exec nginx -e stderr -p "$run" -c "$run/nginx.conf"

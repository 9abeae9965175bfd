#!/bin/bash
# Renders nginx's configuration and executes nginx.
#   ACCEPTORS, NOTIFIERS   host:port, separated by spaces; a name stands for all its addresses, which are looked up again
#                          each second, so that replicas may come and go
#   CONSOLE                host:port of the console, if there is one
#   RESOLVER               the name server; else the first of /etc/resolv.conf
#   OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_SCOPE   the OpenID Connect provider for sign-in
#   TRUSTED_PROXIES        networks of proxies before the edge that name the client in X-Forwarded-For, separated by commas
#   ALLOWED_ORIGINS        origins whose pages may read the edge's own errors, separated by commas; as the services have it
#   WAYBILL_PROFILE        `development`: sign-in by user id is offered as well
#   TLS_DIRECTORY          with certificate.pem and key.pem, which may be renewed at any time: plain HTTP then leads to
#                          HTTPS, and browsers remember that. Without: a self-signed pair for localhost, and both
#   TLS_PORT               where clients reach HTTPS, 443 unless set
set -euo pipefail
: "${ACCEPTORS:?}" "${NOTIFIERS:?}"
run=/tmp/edge tls=${TLS_DIRECTORY:-/tls}
mkdir -p "$run"

fail() {
    echo "$1" >&2
    exit 78
}

servers() { # FAILURES SECONDS HOST:PORT…: upstream servers; one is left out for that time after so many failures (0: never)
    local failures=$1 seconds=$2
    shift 2
    printf "server %s resolve max_fails=$failures fail_timeout=${seconds}s; " "$@"
}

resolver=${RESOLVER:-$(awk '$1 == "nameserver" { print $2; exit }' /etc/resolv.conf)}
[ -n "$resolver" ] || fail "RESOLVER: there is no name server in /etc/resolv.conf"
[[ $resolver != *:*:* || $resolver == \[* ]] || resolver="[$resolver]"
[[ "$resolver $ACCEPTORS $NOTIFIERS ${CONSOLE:-}" =~ ^[][A-Za-z0-9_.:\ -]+$ ]] ||
    fail "ACCEPTORS, NOTIFIERS, CONSOLE: expected host:port, separated by spaces"

if [ -e "$tls/certificate.pem" ]; then
    insecure='default 1; "~^https " ""; "http /healthz" "";'
    hsts='https max-age=31536000;'
    public_port=${TLS_PORT:-443}
    [[ $public_port =~ ^[0-9]+$ ]] || fail "TLS_PORT: expected a number"
    public_port=:$public_port
    [ "$public_port" != :443 ] || public_port=
else
    insecure='' hsts='' public_port=
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
    # The values are inserted into nginx's configuration.
    [[ "$OIDC_ISSUER$OIDC_CLIENT_ID$OIDC_SCOPE" =~ ^[A-Za-z0-9_.:/~\ -]+$ && $OIDC_ISSUER =~ ^(https?://[^/]+) ]] ||
        fail "OIDC_…: expected only letters, digits and . : / ~ -"
    origin=" ${BASH_REMATCH[1]}"
    oidc="{\"issuer\":\"$OIDC_ISSUER\",\"clientId\":\"$OIDC_CLIENT_ID\",\"scope\":\"$OIDC_SCOPE\"}"
fi
trusted=
if [ -n "${TRUSTED_PROXIES:-}" ]; then
    [[ $TRUSTED_PROXIES =~ ^[0-9a-fA-F.:/,\ ]+$ ]] ||
        fail "TRUSTED_PROXIES: expected networks such as 10.0.0.0/8, separated by commas"
    for network in ${TRUSTED_PROXIES//,/ }; do trusted+="set_real_ip_from $network; "; done
    trusted+="real_ip_header X-Forwarded-For; real_ip_recursive on;"
fi
origins=
while read -r allowed; do
    [[ $allowed =~ ^([A-Za-z0-9_.:/-]|\[|\])+$ || $allowed == '*' ]] ||
        fail "ALLOWED_ORIGINS: expected origins such as https://shop.example, separated by commas"
    [[ $allowed != '*' ]] || allowed=default
    origins+="$allowed \$http_origin; "
done < <(tr -s ', ' '\n' <<<"${ALLOWED_ORIGINS:-}" | sort -u | grep .)
# A variable in the path makes nginx read the files again, at most once a minute.
certificate_cache="map \$ssl_server_name \$tls_directory { default $tls; } ssl_certificate_cache max=4 valid=60s;"
# Word splitting yields one argument per name.
# shellcheck disable=SC2086
sed -e "s|@USER@||; s|@DATA@|$run|; s|@MIME_TYPES@|/etc/nginx/mime.types|; s|@LOG@/access.log|/dev/stdout|" \
    -e "s|@CERTIFICATE@|\$tls_directory/certificate.pem|; s|@KEY@|\$tls_directory/key.pem|" \
    -e "s|@RESOLVER@|resolver $resolver valid=1s ipv6=off; resolver_timeout 2s; $certificate_cache|" \
    -e "s|@INSECURE@|$insecure|; s|@HSTS@|$hsts|; s|@PUBLIC_TLS_PORT@|$public_port|" \
    -e "s|@SITE@|/site|; s|@ADDRESS@|0.0.0.0|; s|@PORT@|8080|; s|@TLS_PORT@|8443|" \
    -e "s|@SIGN_IN@|{\"development\":$development,\"oidc\":$oidc}|; s|@ISSUER@|$origin|" \
    -e "s|@EARLY_LIMIT@|280ms|; s|@QUERY_LIMIT@|1s|; s|@TRUSTED_PROXIES@|$trusted|" \
    -e "s|@ALLOWED_ORIGINS@|$origins|" \
    -e "s|@ACCEPTORS@|$(servers 1 3 $ACCEPTORS)|; s|@ANY_ACCEPTORS@|$(servers 0 1 $ACCEPTORS)|" \
    -e "s|@NOTIFIERS@|$(servers 1 1 $NOTIFIERS)|; s|@ANY_NOTIFIERS@|$(servers 0 1 $NOTIFIERS)|" \
    -e "s|@CONSOLE@|$(servers 0 1 "${CONSOLE:-127.0.0.1:8070}")|" \
    /etc/waybill/nginx.conf.in >"$run/nginx.conf"
# A session has two connections.
ulimit -n "$(ulimit -Hn)"
exec nginx -e stderr -p "$run" -c "$run/nginx.conf"

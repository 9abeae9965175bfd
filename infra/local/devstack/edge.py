"""The edge: nginx as a reverse proxy, one origin for the storefront, the REST service and the notifiers."""

import grp
import ipaddress
import json
import os
import re
import shutil
import subprocess
import zlib

from devstack import directories, ports, services
from devstack.configuration import ROOT
from devstack.errors import DevstackError
from devstack.program import Program
from devstack.template import render

NGINX = "/usr/sbin/nginx"
OPENSSL = "/usr/bin/openssl"
STOREFRONT = ROOT / "services" / "storefront"
MIME_TYPES = "/etc/nginx/mime.types"
# For a silent replica of order-accept: of one replica, of several.
EARLY_LIMIT, QUERY_LIMIT = ("5s", "280ms"), ("5s", "1s")
OIDC = {"ISSUER": "", "CLIENT_ID": "", "SCOPE": "openid offline_access"}


def worker_user():
    """The user of nginx's workers when nginx is started as root."""
    return "www-data" if os.geteuid() == 0 else None


def program(config, is_kept=False):
    """`is_kept`: the configuration of the running edge stays as it is."""
    user = worker_user()
    data = directories.prepare(config.directory / "edge", user)
    certificate(config.directory / "tls")
    path = config.directory / "run" / "nginx.conf"
    nginx_configuration = path if is_kept and path.exists() else configure(config, path, data, user)
    return Program(
        name="edge", argv=[NGINX, "-e", "stderr", "-p", str(data), "-c", str(nginx_configuration)],
        directory=config.directory, environment={"PATH": "/usr/sbin:/usr/bin:/bin"},
        ports={"edge": config.port("edge"), "edge TLS": config.port("edge TLS")},
        fingerprint=[checksum(nginx_configuration)], stop_seconds=3,
        probe=lambda: services.readiness_problem(config.port("edge"), "/healthz"),
        # The edge answers it alone, whatever its replicas do.
        liveness=lambda: services.liveness_problem(config.port("edge"), "/sign-in.json"),
        hang_seconds=2 * services.LIVENESS_SECONDS)


def configure(config, path, data, user):
    """Writes nginx's configuration, which nginx must accept; returns its path."""
    nginx_configuration = render(
        "nginx.conf", path,
        USER=f"user {user} {grp.getgrnam(user).gr_name};" if user else "", DATA=data, MIME_TYPES=MIME_TYPES,
        LOG=config.directory / "log", SITE=site(data, user), CERTIFICATE=config.directory / "tls" / "certificate.pem",
        KEY=config.directory / "tls" / "key.pem", RESOLVER="", INSECURE="", HSTS="", PUBLIC_TLS_PORT="",
        ADDRESS=ports.HOST, PORT=config.port("edge"), TLS_PORT=config.port("edge TLS"),
        EARLY_LIMIT=EARLY_LIMIT[len(config.accept_ports) > 1], QUERY_LIMIT=QUERY_LIMIT[len(config.accept_ports) > 1],
        ACCEPTORS=upstream(config.accept_ports, seconds=3), ANY_ACCEPTORS=upstream(config.accept_ports, failures=0),
        NOTIFIERS=upstream(config.notification_ports),
        ANY_NOTIFIERS=upstream(config.notification_ports, failures=0), TRUSTED_PROXIES=trusted_proxies(),
        ALLOWED_ORIGINS=allowed_origins(config),
        CONSOLE=upstream([config.port("console")], failures=0), **sign_in())
    check = subprocess.run(
        [NGINX, "-t", "-q", "-e", "stderr", "-p", str(data), "-c", str(nginx_configuration)],
        capture_output=True, text=True, check=False)
    if check.returncode:
        raise DevstackError(f"nginx rejects its configuration:\n{check.stderr}")
    return nginx_configuration


def sign_in():
    """The content of `/sign-in.json`, and the issuer's origin for the Content-Security-Policy."""
    found = {name: os.environ.get(f"OIDC_{name}", default) for name, default in OIDC.items()}
    for name, value in found.items():
        if not re.fullmatch(r"[\w.:/ ~-]*", value, re.ASCII):  # it is inserted into nginx's configuration
            raise DevstackError(f"OIDC_{name}={value}: expected only letters, digits and . : / ~ -")
    origin = re.match(r"https?://[^/]+", found["ISSUER"])
    if found["ISSUER"] and not (origin and found["CLIENT_ID"]):
        raise DevstackError("OIDC_ISSUER must be a URL (https://…) and requires OIDC_CLIENT_ID")
    issuer = {"issuer": found["ISSUER"], "clientId": found["CLIENT_ID"], "scope": found["SCOPE"]} if origin else None
    return {
        "SIGN_IN": json.dumps({"development": services.mints_tokens(), "oidc": issuer}),
        "ISSUER": f" {origin[0]}" if origin else ""}


def trusted_proxies():
    """Directives for the proxies before the edge that name the client in X-Forwarded-For."""
    ranges = [item.strip() for item in os.environ.get("TRUSTED_PROXIES", "").split(",") if item.strip()]
    for item in ranges:
        try:
            ipaddress.ip_network(item, strict=False)
        except ValueError as error:
            raise DevstackError(f"TRUSTED_PROXIES: {error}") from None
    if not ranges:
        return ""
    return " ".join([
        *(f"set_real_ip_from {item};" for item in ranges), "real_ip_header X-Forwarded-For;", "real_ip_recursive on;"])


def allowed_origins(config):
    """Entries of a map from the origins whose pages may read the edge's own problems to the same origins."""
    configured = os.environ.get("ALLOWED_ORIGINS")
    origins = services.allowed_origins(config) if configured is None else configured.replace(",", " ").split()
    for origin in origins:
        if not re.fullmatch(r"\*|[\w.:/\[\]-]+", origin, re.ASCII):  # it is inserted into nginx's configuration
            raise DevstackError(f"ALLOWED_ORIGINS: {origin} is not an origin such as https://shop.example")
    return " ".join(f"{'default' if origin == '*' else origin} $http_origin;" for origin in dict.fromkeys(origins))


def checksum(path):
    """Part of the program's fingerprint: a changed configuration restarts the edge."""
    return zlib.crc32(path.read_bytes())


def upstream(numbers, seconds=1, failures=1):
    """Servers of which a failed one is left out for a time; none with 0 failures."""
    return "\n        ".join(
        f"server {ports.HOST}:{port} max_fails={failures} fail_timeout={seconds}s;" for port in numbers)


def site(data, user):
    """The storefront's directory, or a copy of it when nginx's workers cannot read the checkout."""
    if directories.is_traversable(STOREFRONT, user):
        return STOREFRONT
    copy = data / "site"
    shutil.copytree(STOREFRONT, copy, dirs_exist_ok=True)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy


def certificate(directory):
    """Creates a self-signed certificate for localhost unless there is one."""
    if (directory / "certificate.pem").exists():
        return
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    done = subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "825",
         "-keyout", directory / "key.pem", "-out", directory / "certificate.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise DevstackError(f"openssl could not create a certificate:\n{done.stderr}")

"""nginx in front: one origin for the storefront, the REST service and the notifiers."""

import grp
import json
import os
import pathlib
import re
import shutil
import subprocess
import zlib

from ground import place, ports, services
from ground.fault import Fault
from ground.layout import ROOT
from ground.program import Program
from ground.template import render

NGINX = "/usr/sbin/nginx"
OPENSSL = "/usr/bin/openssl"
STOREFRONT = ROOT / "services" / "storefront"
PAGE = pathlib.Path(__file__).resolve().parent.parent / "page"
MIME_TYPES = "/etc/nginx/mime.types"
OIDC = {"ISSUER": "", "CLIENT_ID": "", "SCOPE": "openid offline_access"}


def worker_user():
    """nginx started as root hands its requests to workers of this user; else everything is ours."""
    return "www-data" if os.geteuid() == 0 else None


def program(layout):
    user = worker_user()
    data = place.prepare(layout.directory / "edge", user)
    certificate(layout.directory / "tls")
    configuration = render(
        "nginx.conf", layout.directory / "run" / "nginx.conf",
        USER=f"user {user} {grp.getgrnam(user).gr_name};" if user else "", DATA=data, MIME_TYPES=MIME_TYPES,
        LOG=layout.directory / "log", TLS=layout.directory / "tls", SITE=site(data, user),
        ADDRESS=ports.HOST, PORT=layout.port("edge"), TLS_PORT=layout.port("edge TLS"),
        ACCEPTORS=upstream(layout.accept_ports), NOTIFIERS=upstream(layout.notification_ports), 
        CONSOLE=f"{ports.HOST}:{layout.port('console')}", **sign_in())
    check = subprocess.run(
        [NGINX, "-t", "-q", "-e", "stderr", "-p", str(data), "-c", str(configuration)],
        capture_output=True, text=True, check=False)
    if check.returncode:
        raise Fault(f"nginx refuses its configuration:\n{check.stderr}")
    return Program(
        name="edge", argv=[NGINX, "-e", "stderr", "-p", str(data), "-c", str(configuration)],
        directory=layout.directory, environment={"PATH": "/usr/sbin:/usr/bin:/bin"},
        ports={"edge": layout.port("edge"), "edge TLS": layout.port("edge TLS")},
        stamp=[hash_of(configuration)], stop_seconds=3,
        ready=lambda: services.missing(layout.port("edge"), "/healthz"))


def sign_in():
    """`/sign-in.json`, and the issuer's origin, which the pages' policy must let them talk to."""
    found = {name: os.environ.get(f"OIDC_{name}", default) for name, default in OIDC.items()}
    for name, value in found.items():
        if not re.fullmatch(r"[\w.:/ ~-]*", value, re.ASCII):  # it becomes part of nginx's configuration
            raise Fault(f"OIDC_{name}={value}: expected letters, digits and . : / ~ - alone")
    origin = re.match(r"https?://[^/]+", found["ISSUER"])
    if found["ISSUER"] and not (origin and found["CLIENT_ID"]):
        raise Fault("OIDC_ISSUER is an address (https://…) and wants OIDC_CLIENT_ID beside it")
    issuer = {"issuer": found["ISSUER"], "clientId": found["CLIENT_ID"], "scope": found["SCOPE"]} if origin else None
    return {
        "SIGN_IN": json.dumps({"development": services.mints_tokens(), "oidc": issuer}),
        "ISSUER": f" {origin[0]}" if origin else ""}


def hash_of(path):
    """So that a changed configuration restarts the edge."""
    return zlib.crc32(path.read_bytes())


def upstream(numbers):
    return "\n        ".join(f"server {ports.HOST}:{port} max_fails=1 fail_timeout=1s;" for port in numbers)


def site(data, user):
    """The folder of static files; copied to where the workers can read it, when they cannot reach the checkout."""
    source = STOREFRONT if (STOREFRONT / "index.html").exists() else PAGE
    if place.is_passable(source, user):
        return source
    copy = data / "site"
    shutil.copytree(source, copy, dirs_exist_ok=True)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy


def certificate(directory):
    """Self-signed, for this machine alone; made once."""
    if (directory / "certificate.pem").exists():
        return
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    done = subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "825",
         "-keyout", directory / "key.pem", "-out", directory / "certificate.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(f"openssl could not make a certificate:\n{done.stderr}")

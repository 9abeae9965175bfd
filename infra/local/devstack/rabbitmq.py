"""A private RabbitMQ: one node, one user, one virtual host, and its own epmd.

epmd is a separate program, because one started by the Erlang runtime is a daemon that outlives the broker.
"""

import base64
import hashlib
import json
import os
import secrets as random
import urllib.error
import urllib.request

from devstack import ports, server_root
from devstack.program import Program
from devstack.template import render

USER, VHOST, NODE = "waybill", "waybill", "waybill@localhost"
SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # the one on the PATH is a wrapper that switches users


def programs(directory, port, epmd_port, dist_port, password, management_port=None, tls=None, asks_clients=False):
    """[epmd, the broker]. `management_port` enables the management plugin.

    `tls` is (port, certificate path, key path) of a TLS listener; with `asks_clients`, theirs must be signed by it.
    """
    data = directory / "rabbitmq"
    home = data / "home"
    home.mkdir(parents=True, exist_ok=True)
    write_cookie(home / ".erlang.cookie")
    write_definitions(data / "definitions.json", password)
    plugins = "[rabbitmq_management]." if management_port else "[]."
    (data / "enabled_plugins").write_text(plugins)
    configuration = render("rabbitmq.conf", data / "rabbitmq.conf", PORT=port, DIRECTORY=data)
    if management_port:
        with open(configuration, "a") as file:
            file.write(f"management.tcp.ip = {ports.HOST}\nmanagement.tcp.port = {management_port}\n")
    if tls:
        with open(configuration, "a") as file:
            file.write("listeners.ssl.1 = {}:{}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n".format(
                ports.HOST, *tls))
            if asks_clients:
                file.write(
                    f"ssl_options.cacertfile = {tls[1]}\nssl_options.verify = verify_peer\n"
                    "ssl_options.fail_if_no_peer_cert = true\n")
    epmd = Program(
        name="epmd", argv=["epmd", "-port", str(epmd_port), "-address", ports.HOST], directory=directory,
        root=server_root.path(),
        environment={"PATH": "/usr/local/bin:/usr/bin:/bin"}, ports={"epmd": epmd_port},
        probe=lambda: ports.connection_problem(epmd_port))
    return [epmd, Program(
        name="rabbitmq", argv=[SERVER], directory=directory, root=server_root.path(),
        ports={"amqp": port, "erlang distribution": dist_port}
        | ({"rabbitmq management": management_port} if management_port else {})
        | ({"amqps": tls[0]} if tls else {}),
        environment=environment(data, home, epmd_port, dist_port),
        # The management plugin delays exit by five idle seconds after the listeners are closed and the message
        # stores are on disk.
        stop_seconds=1 if management_port else 15,
        probe=lambda: readiness_problem(port, management_port, password) or (tls and ports.connection_problem(tls[0])))]


def environment(data, home, epmd_port, dist_port):
    schedulers = min(2, os.cpu_count() or 1)
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
        "HOME": str(home),
        "RUNNING_UNDER_SYSTEMD": "1",  # makes the script exec: the pid is the broker's, and SIGTERM is graceful
        "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_NODENAME": NODE,
        "RABBITMQ_MNESIA_BASE": str(data / "mnesia"), "RABBITMQ_LOG_BASE": str(data / "log"),
        "RABBITMQ_PID_FILE": str(data / "pid"), "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "enabled_plugins"),
        "RABBITMQ_LOG": "-color",
        "RABBITMQ_DIST_PORT": str(dist_port), "ERL_EPMD_PORT": str(epmd_port), "ERL_EPMD_ADDRESS": ports.HOST,
        # No busy waiting: an idle broker would otherwise use the cores that the services need.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
            f"+S {schedulers}:{schedulers} +sbwt none +sbwtdcpu none +sbwtdio none",
    }


def write_cookie(path):
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o400), "w") as file:
            file.write(random.token_hex(20))


def write_definitions(path, password):
    """Defines user and virtual host before the listener opens, so that an accepting port means ready."""
    salt = hashlib.sha256(password.encode()).digest()[:4]  # deterministic: the file must not change at each start
    digest = hashlib.sha256(salt + password.encode()).digest()
    content = {
        "users": [{
            "name": USER, "password_hash": base64.b64encode(salt + digest).decode(),
            "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ["administrator"]}],
        "vhosts": [{"name": VHOST}],
        "permissions": [{"user": USER, "vhost": VHOST, "configure": ".*", "write": ".*", "read": ".*"}],
    }
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)


def readiness_problem(port, management_port, password):
    problem = ports.connection_problem(port)
    if problem or not management_port:
        return problem
    credentials = base64.b64encode(f"{USER}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"http://{ports.HOST}:{management_port}/api/whoami", headers={"Authorization": f"Basic {credentials}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request, timeout=2).close()
    except (urllib.error.URLError, OSError) as error:
        return f"management on port {management_port}: {error}"
    return None


def uri(port, password):
    return f"amqp://{USER}:{password}@{ports.HOST}:{port}/{VHOST}"


def description(port, management_port, password, pid):
    return {
        "host": ports.HOST, "port": port, "user": USER, "password": password, "vhost": VHOST,
        "uri": uri(port, password),
        "managementUrl": f"http://{ports.HOST}:{management_port}" if management_port else None,
        "pid": pid,
    }

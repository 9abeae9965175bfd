"""A private Redis: an ACL user for the services, a read-only observer of connections, the default user off, and an
append-only file synced every second."""

import socket

from devstack import ports, server_root
from devstack.program import Program
from devstack.template import render

USER = "waybill"
OBSERVER = "observer"
SECRETS = ("redis", "redisObserver")


def program(directory, port, secrets, tls=None, asks_clients=False):
    """`tls` is (port, certificate path, key path) of a TLS listener; with `asks_clients`, theirs must be signed by it."""
    data = directory / "redis"
    data.mkdir(parents=True, exist_ok=True)
    password = secrets["redis"]
    render(
        "users.acl", data / "users.acl", USER=USER, PASSWORD=password, OBSERVER=OBSERVER,
        OBSERVER_PASSWORD=secrets["redisObserver"])
    configuration = render("redis.conf", data / "redis.conf", PORT=port, DIRECTORY=data)
    if tls:
        with open(configuration, "a") as file:
            file.write("tls-port {}\ntls-cert-file {}\ntls-key-file {}\n".format(*tls))
            file.write(f"tls-auth-clients yes\ntls-ca-cert-file {tls[1]}\n" if asks_clients else "tls-auth-clients no\n")
    return Program(
        name="redis", argv=["redis-server", str(configuration)], directory=directory, root=server_root.path(),
        ports={"redis": port} | ({"rediss": tls[0]} if tls else {}),
        environment={"PATH": "/usr/local/bin:/usr/bin:/bin"}, probe=lambda: readiness_problem(port, password),
        liveness=lambda: liveness_problem(port, password))


def readiness_problem(port, password):
    """Sends PING: while the append-only file is loaded, Redis accepts connections and answers -LOADING."""
    try:
        with socket.create_connection((ports.HOST, port), 1) as connection:
            connection.settimeout(1)
            connection.sendall(f"AUTH {USER} {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := connection.recv(512)):
                answer += part
    except OSError as error:
        return f"port {port}: {error.strerror or error}"
    if answer.endswith(b"+PONG\r\n"):
        return None
    if answer.startswith(b"-WRONGPASS"):
        return "refuses the password of this stack"
    return answer.decode(errors="replace").strip().replace("\r\n", "; ")


def liveness_problem(port, password):
    """None while it loads its data, too, for however long that takes."""
    problem = readiness_problem(port, password)
    return None if problem and "LOADING" in problem else problem


def uri(port, password):
    return f"redis://{USER}:{password}@{ports.HOST}:{port}"


def observer_uri(port, password):
    return f"redis://{OBSERVER}:{password}@{ports.HOST}:{port}"


def description(port, secrets, pid):
    """The entry in stack.json and servers.json."""
    return {
        "host": ports.HOST, "port": port, "user": USER, "password": secrets["redis"], "pid": pid,
        "observer": {"user": OBSERVER, "password": secrets["redisObserver"]},
    }

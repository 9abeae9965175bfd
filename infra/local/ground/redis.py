"""A private Redis: one ACL user, everything else off, an append-only file written every second."""

import socket

from ground import ports
from ground.program import Program
from ground.template import render

USER = "waybill"


def program(directory, port, password):
    data = directory / "redis"
    data.mkdir(parents=True, exist_ok=True)
    render("users.acl", data / "users.acl", USER=USER, PASSWORD=password)
    configuration = render("redis.conf", data / "redis.conf", PORT=port, DIRECTORY=data)
    return Program(
        name="redis", argv=["redis-server", str(configuration)], directory=directory, ports={"redis": port},
        environment={"PATH": "/usr/local/bin:/usr/bin:/bin"}, ready=lambda: missing(port, password))


def missing(port, password):
    """PING instead of a mere connection: while the append-only file is loaded, Redis answers -LOADING."""
    try:
        with socket.create_connection((ports.HOST, port), 1) as connection:
            connection.settimeout(1)
            connection.sendall(f"AUTH {USER} {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := connection.recv(512)):
                answer += part
    except OSError as error:
        return f"port {port}: {error.strerror or error}"
    return None if answer.endswith(b"+PONG\r\n") else answer.decode(errors="replace").strip()


def uri(port, password):
    return f"redis://{USER}:{password}@{ports.HOST}:{port}"


def description(port, password, pid):
    return {
        "host": ports.HOST, "port": port, "user": USER, "password": password,
        "url": uri(port, password), "pid": pid,
    }

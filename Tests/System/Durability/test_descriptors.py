"""A process that has no descriptors left."""

import resource
import socket

from support.http import is_ready
from support.replica import Replica
from support.waiting import until

LIMIT = 64


def is_closed(connection):
    connection.settimeout(2)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_connections_beyond_the_descriptors_are_closed_at_once(stack, tmp_path):
    log = tmp_path / "log"
    with open(log, "ab") as file:
        replica = Replica(
            stack.description, "notification", 7, file,
            prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT)))
        replica.start()
        try:
            connections = [socket.create_connection(("127.0.0.1", replica.port), 5) for _ in range(2 * LIMIT)]
            late = connections[LIMIT:]
            assert all(is_closed(connection) for connection in late)
            for connection in connections:
                connection.close()
            until("it serves again", lambda: is_ready(f"{replica.url}/health/live"), 10)
        finally:
            replica.stop()
    assert log.read_text().count("http.descriptors_exhausted") == 1

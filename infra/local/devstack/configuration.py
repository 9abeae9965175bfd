"""The state folder, ports and replica counts of a stack, read from the environment."""

import os
import pathlib
from dataclasses import dataclass

from devstack.errors import DevstackError

ROOT = pathlib.Path(__file__).resolve().parents[3]

# The services' ports are fixed by the contract; the servers' differ from the defaults (6379, 5672, 5432, 4369). No two
# have the same last two digits, so that stacks whose offsets are multiples of 100 never share a port.
SINGLE = {
    "edge": 8080, "edge TLS": 8443, "console": 8070, "redis": 6410, "amqp": 5620, "rabbitmq management": 15630,
    "postgres": 5440, "epmd": 4350, "erlang distribution": 25660,
}
ACCEPT, PROCESS, NOTIFICATION = 8081, 8091, 5006
NOTIFICATION_STEP = 10
LIMITS = {"WAYBILL_ACCEPTORS": 10, "WAYBILL_PROCESSORS": 10, "WAYBILL_NOTIFIERS": 40}  # no two port ranges overlap
MAX_OFFSET = 7000  # past it the highest port enters the kernel's range for outgoing connections


def number(name, default, low, high):
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or not low <= int(text) <= high:
        raise DevstackError(f"{name}={text}: expected a number from {low} to {high}")
    return int(text)


@dataclass(frozen=True)
class StackConfiguration:
    offset: int
    directory: pathlib.Path  # the stack's state: data, logs, secrets, stack.json
    binaries: pathlib.Path
    acceptors: int
    processors: int
    notifiers: int

    @staticmethod
    def from_environment():
        offset = number("WAYBILL_PORT_OFFSET", 0, 0, MAX_OFFSET)
        base = pathlib.Path(os.environ.get("WAYBILL_VAR_BASE") or ROOT / "var")
        default = base / str(offset) if offset else base
        return StackConfiguration(
            offset=offset,
            directory=pathlib.Path(os.environ.get("WAYBILL_VAR") or default).absolute(),
            binaries=pathlib.Path(os.environ.get("WAYBILL_BIN") or ROOT / ".build" / "release").absolute(),
            acceptors=number("WAYBILL_ACCEPTORS", 1, 1, LIMITS["WAYBILL_ACCEPTORS"]),
            processors=number("WAYBILL_PROCESSORS", 1, 1, LIMITS["WAYBILL_PROCESSORS"]),
            notifiers=number("WAYBILL_NOTIFIERS", 2, 1, LIMITS["WAYBILL_NOTIFIERS"]))

    def port(self, name):
        return SINGLE[name] + self.offset

    def client_port(self, name):
        """The port on which services reach a server: its own, or that of a test's fault-injection proxy."""
        proxies = dict(part.split("=") for part in os.environ.get("WAYBILL_PROXIES", "").split(",") if part)
        return int(proxies.get(name) or self.port(name))

    @property
    def accept_ports(self):
        return [ACCEPT + self.offset + index for index in range(self.acceptors)]

    @property
    def process_ports(self):
        return [PROCESS + self.offset + index for index in range(self.processors)]

    @property
    def notification_ports(self):
        return [NOTIFICATION + self.offset + index * NOTIFICATION_STEP for index in range(self.notifiers)]

    @property
    def every_port(self):
        return [self.port(name) for name in SINGLE] + self.accept_ports + self.process_ports + self.notification_ports

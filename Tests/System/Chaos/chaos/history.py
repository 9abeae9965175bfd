"""What the clients sent and received: the reference that the audit compares the stack with."""

import time
from dataclasses import dataclass, field

ACCEPTED, REJECTED, UNKNOWN = "accepted", "rejected", "unknown"


@dataclass
class Order:
    """One order with all its attempts. Times are seconds of the monotonic clock."""

    number: int
    user: str
    lines: dict[str, int]  # product → quantity, unique to the order
    key: str | None  # Idempotency-Key, with which it is retried until it is answered
    fault: str  # name of the fault window in which it was first sent
    began: float
    ended: float | None = None
    outcome: str = UNKNOWN
    attempts: int = 0
    ambiguous: int = 0  # attempts that may have been accepted: broken connections, timeouts
    ids: set[int] = field(default_factory=set)  # of the 201 answers; those beside the order's own are aliases
    own_id: int | None = None  # of the record, where another request with the key was answered with an alias
    correlation_ids: dict[int, str] = field(default_factory=dict)  # by id
    answer: dict | None = None  # body of the 201
    notified: float | None = None  # when the first subscriber received COMPLETED
    final: str = ""  # status of its record
    cancel_status: int | None = None  # answer to its cancellation, 0 for none; None when it was not asked for

    @property
    def id(self):
        return self.own_id or next(iter(self.ids), None)

    @property
    def correlation_id(self):
        return self.correlation_ids.get(self.id, "")

    @property
    def may_be_cancelled(self):
        return self.cancel_status in (0, 202)

    @property
    def signature(self):
        return signature(self.user, self.lines.items())


def signature(user, lines):
    """Identifies an order by its rows, independent of its id."""
    return user, frozenset((product, int(quantity)) for product, quantity in lines)


@dataclass
class FaultWindow:
    """The time from the start of one fault to the start of the next."""

    name: str
    began: float
    injected: float | None = None
    removed: float | None = None  # when the harness ended the fault; the supervisor restarts killed processes
    recovered: float | None = None  # when all replicas were ready and an order had completed
    ended: float | None = None


class History:
    def __init__(self):
        self.orders: list[Order] = []
        self.by_id: dict[int, Order] = {}
        self.windows: list[FaultWindow] = []
        self.answers: list[tuple[float, str]] = []  # every attempt: time, status or "broken"
        self.notified: list[float] = []  # times of the first notifications
        self.anomalies: list[str] = []  # unexpected answers and missed deadlines

    @property
    def window(self):
        return self.windows[-1]

    def open_window(self, name):
        now = time.monotonic()
        if self.windows:
            self.window.ended = now
        self.windows.append(FaultWindow(name, now))
        return self.window

    def record_answer(self, status):
        self.answers.append((time.monotonic(), status))

    def record_accepted(self, order, body):
        order.ids.add(body["id"])
        order.correlation_ids[body["id"]] = body["correlationId"]
        order.answer = body
        order.outcome = ACCEPTED
        self.by_id[body["id"]] = order

    def record_notified(self, order_id):
        order = self.by_id.get(order_id)
        if order and order.notified is None:
            order.notified = time.monotonic()
            self.notified.append(order.notified)

    def in_window(self, name):
        return [order for order in self.orders if order.fault == name]

    def accepted(self):
        return [order for order in self.orders if order.outcome == ACCEPTED]

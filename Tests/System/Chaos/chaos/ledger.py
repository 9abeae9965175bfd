"""What the clients did and were told: the truth that the stack is held to afterwards."""

import time
from dataclasses import dataclass, field

ACCEPTED, REFUSED, UNKNOWN = "accepted", "refused", "unknown"


@dataclass
class Order:
    """One purchase: what was asked for, and what came of it. Times are seconds of the monotonic clock."""

    number: int
    user: str
    lines: dict[str, int]  # product → quantity; no two purchases have the same
    key: str | None  # the Idempotency-Key, with which it is repeated until it is answered
    fault: str  # the fault in force when it was asked for
    began: float
    ended: float | None = None
    outcome: str = UNKNOWN
    attempts: int = 0
    doubtful: int = 0  # attempts that may have got through: broken connections, time-outs
    refusals: int = 0  # 503
    ids: set[int] = field(default_factory=set)  # of the 201s; one, unless something is wrong
    correlation_id: str = ""
    answer: dict | None = None  # the body of the 201
    told: float | None = None  # when the first tab heard that it is completed

    @property
    def id(self):
        return next(iter(self.ids), None)

    @property
    def signature(self):
        return signature(self.user, self.lines.items())


def signature(user, lines):
    """Finds a purchase from its rows, whoever gave it which id."""
    return user, frozenset((product, int(quantity)) for product, quantity in lines)


@dataclass
class Window:
    """The time of one fault: from its start until the next one's."""

    name: str
    began: float
    struck: float | None = None
    healed: float | None = None  # when the harness undid it; a killed process is brought back by the supervisor
    whole: float | None = None  # when every replica was ready and an order had gone all the way
    ended: float | None = None


class Ledger:
    def __init__(self):
        self.orders: list[Order] = []
        self.by_id: dict[int, Order] = {}
        self.windows: list[Window] = []
        self.answers: list[tuple[float, str]] = []  # every answer to an attempt: when, 201 | 503 | broken
        self.told: list[float] = []  # every first notification
        self.oddities: list[str] = []  # answers that nothing explains

    @property
    def window(self):
        return self.windows[-1]

    def open_window(self, name):
        now = time.monotonic()
        if self.windows:
            self.window.ended = now
        self.windows.append(Window(name, now))
        return self.window

    def note_accepted(self, order, body):
        order.ids.add(body["id"])
        order.correlation_id, order.answer = body["correlationId"], body
        order.outcome = ACCEPTED
        self.by_id[body["id"]] = order

    def note_told(self, order_id):
        order = self.by_id.get(order_id)
        if order and order.told is None:
            order.told = time.monotonic()
            self.told.append(order.told)

    def in_window(self, name):
        return [order for order in self.orders if order.fault == name]

    def accepted(self):
        return [order for order in self.orders if order.outcome == ACCEPTED]

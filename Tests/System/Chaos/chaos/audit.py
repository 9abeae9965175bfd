"""Compares the data of the servers and the received updates with the answers to the clients."""

import collections
from decimal import Decimal

from chaos.history import ACCEPTED, REJECTED, signature
from chaos.server_data import Cache, Database, dead_letters

COMPLETED_EVENT, ACCEPTED_EVENT = "order.processed.v1", "order.accepted.v1"
LOST, DUPLICATED, WRONG = "lost", "duplicated", "wrong"


class Audit:
    """After `run`, `violations` holds (kind, the order or None, text)."""

    def __init__(self, history, subscribers, catalogue):
        self.history, self.subscribers, self.catalogue = history, subscribers, catalogue
        self.violations = []
        self.observations = collections.Counter()

    def violation(self, kind, text, order=None):
        self.violations.append((kind, order, f"order {order.number} ({order.fault}): {text}" if order else text))

    def run(self, stack):
        content = stack.description
        database, cache = Database(content["postgres"]["uri"]), Cache(content["redis"])
        self.check_database(database.orders({order.user for order in self.history.orders}), database.events())
        self.check_cache(cache.values("order:status:"), cache.values("order:pending:"))
        for subscriber in self.subscribers:
            self.check_subscriber(subscriber)
        self.check_dead_letters(dead_letters(stack))
        for text in self.history.anomalies:
            self.violation(WRONG, text)

    # PostgreSQL

    def check_database(self, rows, events):
        self.events = events
        self.rows_by_signature = collections.defaultdict(list)
        for row in rows:
            key = signature(row["user"], [(line[0], line[1]) for line in row["lines"]])
            self.rows_by_signature[key].append(row)
        self.cancelled = {row["cid"] for row in rows if row["status"] == "CANCELLED"}
        self.recorded = {row["cid"] for row in rows}
        known = {order.signature for order in self.history.orders}
        for key in self.rows_by_signature.keys() - known:
            self.violation(WRONG, f"PostgreSQL has orders that no client sent: {self.rows_by_signature[key]}")
        for order in self.history.orders:
            self.check_order(order)
        self.observations["rows"] = len(rows)

    def check_order(self, order):
        rows = self.rows_by_signature[order.signature]
        live = [row for row in rows if row["status"] != "CANCELLED"]
        self.observations["compensated orders"] += len(rows) - len(live)
        if len(order.ids) > 1:
            self.violation(DUPLICATED, f"its key was answered with different ids: {sorted(order.ids)}", order)
        if len(live) > 1:
            self.violation(DUPLICATED, f"it was recorded as {[(row['id'], row['status']) for row in live]}, after "
                       f"{order.attempts} attempts, {order.ambiguous} of them ambiguous; answered {order.id}", order)
        if order.outcome == REJECTED and live:
            trace = self.event(live[0]["id"], ACCEPTED_EVENT)[3]
            self.violation(
                WRONG, f"it was rejected, but recorded as {live[0]['id']} {live[0]['status']}, trace {trace}", order)
        if order.outcome != ACCEPTED:
            self.observations["unanswered, but recorded"] += order.outcome != REJECTED and bool(live)
            return
        row = next((row for row in live if row["id"] == order.id), None)
        if row is None:
            self.violation(LOST, f"201 as {order.id} {order.correlation_id}, PostgreSQL has {rows or 'no rows'}", order)
            return
        self.check_row(order, row)
        self.check_events(order)

    def check_row(self, order, row):
        lines = {product: (quantity, Decimal(price)) for product, quantity, price in row["lines"]}
        expected = {
            product: (quantity, Decimal(str(self.catalogue[product]["price"])))
            for product, quantity in order.lines.items()}
        total = sum(quantity * price for quantity, price in expected.values())
        answered = {
            item["productId"]: (item["quantity"], Decimal(str(item["unitPrice"])))
            for item in order.answer["items"]}
        if lines != expected or len(row["lines"]) != len(expected) or Decimal(row["total"]) != total:
            self.violation(
                WRONG, f"PostgreSQL has {row['lines']} for {row['total']}, expected {expected} for {total}", order)
        if answered != expected or Decimal(str(order.answer["total"])) != total:
            self.violation(WRONG, f"the answer was {order.answer}", order)
        if (row["status"], row["cid"], row["deleted"]) != ("COMPLETED", order.correlation_id, False):
            self.violation(WRONG, f"PostgreSQL has it as {row['status']} {row['cid']}", order)

    def event(self, order_id, kind):
        return self.events.get(order_id, {}).get(kind, (0, 0, None, None))

    def check_events(self, order):
        events = self.events.get(order.id, {})
        for kind in (ACCEPTED_EVENT, COMPLETED_EVENT):
            count, unpublished, _, _ = self.event(order.id, kind)
            if count == 0:
                self.violation(LOST, f"event {kind} is missing", order)
            if count > 1:
                self.violation(DUPLICATED, f"there are {count} events {kind}", order)
            if kind == COMPLETED_EVENT and unpublished:
                self.violation(LOST, "its event was not published", order)
        if extra := events.keys() - {ACCEPTED_EVENT, COMPLETED_EVENT}:
            self.violation(WRONG, f"unexpected events {sorted(extra)}", order)

    # Redis

    def check_cache(self, status, pending):
        expected = {order.correlation_id: order for order in self.history.accepted()}
        for cid, order in expected.items():
            if status.get(cid) != f"COMPLETED|{order.id}":
                self.violation(WRONG if cid in status else LOST, f"order:status is {status.get(cid)!r}", order)
            if str(order.id) in pending:
                self.violation(WRONG, "order:pending still exists", order)
        for cid in status.keys() - expected.keys():
            # Keys of rejected or unanswered attempts: compensated, recorded, or left to expire.
            state = status[cid].partition("|")[0]
            self.observations["keys of rejected attempts left to expire"] += state == "ACCEPTED" and cid not in self.recorded

    # Subscribers and dead letters

    def check_subscriber(self, subscriber):
        """Every order is received exactly once, or a gap is reported after its completion."""
        last_gap = max(subscriber.gaps, default=None)
        self.observations["reported gaps"] += len(subscriber.gaps)
        self.observations["repeated updates dropped by offset"] += subscriber.repeats
        for order in self.history.accepted():
            if order.user != subscriber.user:
                continue
            count = subscriber.received[order.id]["COMPLETED"] if order.id in subscriber.received else 0
            if count > 1:
                self.violation(DUPLICATED, f"{subscriber.name} received COMPLETED {count} times", order)
            if count == 0:
                completed_at = self.event(order.id, COMPLETED_EVENT)[2]
                if last_gap and completed_at and completed_at <= last_gap:
                    self.observations["updates covered by a reported gap"] += 1
                else:
                    self.violation(LOST, f"{subscriber.name} did not receive {order.id}", order)
        if subscriber.disordered:
            self.violation(WRONG, f"{subscriber.name} received {subscriber.disordered} updates out of order")

    def check_dead_letters(self, queues):
        for queue, messages in queues.items():
            if messages:
                headers = messages[0]["properties"].get("headers", {})
                self.violation(WRONG, f"{queue} holds {len(messages)}: {headers.get('x-error', headers)}")

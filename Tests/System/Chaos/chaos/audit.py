"""Compares the data of the servers and the received updates with the answers to the clients."""

import collections
from decimal import Decimal

from chaos.history import ACCEPTED, REJECTED, signature
from chaos.server_data import Cache, Database

COMPLETED_EVENT, ACCEPTED_EVENT, CANCELLED_EVENT = "order.processed.v1", "order.accepted.v1", "order.cancelled.v1"
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
        self.resolve_aliases(database.aliases())
        if waiting := database.waiting():
            self.violation(LOST, f"{waiting} orders are left in the intake table")
        self.check_database(database.orders({order.user for order in self.history.orders}), database.events())
        self.check_cache(cache.values("order:status:"), cache.values("order:pending:"))
        for subscriber in self.subscribers:
            self.check_subscriber(subscriber)
        self.check_dead_letters(stack.dead_letters())
        for text in self.history.anomalies:
            self.violation(WRONG, text)

    def resolve_aliases(self, aliases):
        """Requests with one key may have been answered with several ids, all but one of which are aliases."""
        for order in self.history.accepted():
            own = {aliases.get(id, id) for id in order.ids}
            self.observations["aliases"] += len(order.ids - own)
            if len(own) > 1:
                self.violation(DUPLICATED, f"its key was answered with different orders: {sorted(own)}", order)
            order.own_id = min(own)

    # PostgreSQL

    def check_database(self, rows, events):
        self.events = events
        self.rows_by_signature = collections.defaultdict(list)
        for row in rows:
            key = signature(row["user"], [(line[0], line[1]) for line in row["lines"]])
            self.rows_by_signature[key].append(row)
        self.recorded = {row["cid"] for row in rows}
        known = {order.signature for order in self.history.orders}
        for key in self.rows_by_signature.keys() - known:
            self.violation(WRONG, f"PostgreSQL has orders that no client sent: {self.rows_by_signature[key]}")
        for order in self.history.orders:
            self.check_order(order)
        self.observations["rows"] = len(rows)

    def check_order(self, order):
        live = self.rows_by_signature[order.signature]
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
            self.violation(LOST, f"201 as {order.id} {order.correlation_id}, PostgreSQL has {live or 'no rows'}", order)
            return
        order.final = row["status"]
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
        expected = {202: ("CANCELLED",), 0: ("CANCELLED", "COMPLETED")}.get(order.cancel_status, ("COMPLETED",))
        if row["status"] not in expected or row["deleted"]:
            self.violation(
                WRONG, f"PostgreSQL has it as {row['status']}; its cancellation: {order.cancel_status}", order)
        if order.correlation_id and row["cid"] != order.correlation_id:
            self.violation(WRONG, f"PostgreSQL has it as {row['cid']}, answered {order.correlation_id}", order)
        self.observations["cancelled orders"] += row["status"] == "CANCELLED"

    def event(self, order_id, kind):
        return self.events.get(order_id, {}).get(kind, (0, 0, None, None))

    def check_events(self, order):
        events = self.events.get(order.id, {})
        outcome = CANCELLED_EVENT if order.final == "CANCELLED" else COMPLETED_EVENT
        for kind in (ACCEPTED_EVENT, outcome):
            count, unpublished, _, _ = self.event(order.id, kind)
            if count == 0:
                self.violation(LOST, f"event {kind} is missing", order)
            if count > 1:
                self.violation(DUPLICATED, f"there are {count} events {kind}", order)
            if kind == outcome and unpublished:
                self.violation(LOST, "its event was not published", order)
        if extra := events.keys() - {ACCEPTED_EVENT, outcome}:
            self.violation(WRONG, f"unexpected events {sorted(extra)}", order)

    # Redis

    def check_cache(self, status, pending):
        """Redis may have forgotten a status, and never has another one than PostgreSQL."""
        expected = {}
        for order in self.history.accepted():
            for id, cid in order.correlation_ids.items():
                expected[cid] = order, id
            if {str(id) for id in order.ids} & pending.keys():
                self.violation(WRONG, "order:pending still exists", order)
        for cid, (order, id) in expected.items():
            if status.get(cid) is None:  # it may expire while the keys are listed
                self.observations["statuses that Redis has forgotten"] += 1
            elif status[cid] != f"{order.final}|{id}":
                self.violation(WRONG, f"order:status is {status[cid]!r}, PostgreSQL has {order.final}", order)
        for cid in status.keys() - expected.keys():
            # Of unanswered attempts.
            state = (status[cid] or "").partition("|")[0]
            self.observations["keys of unanswered attempts left to expire"] += state == "ACCEPTED" and cid not in self.recorded

    # Subscribers and dead letters

    def check_subscriber(self, subscriber):
        """Each answered id's outcome is received exactly once, or a gap is reported after its completion."""
        last_gap = max(subscriber.gaps, default=None)
        self.observations["reported gaps"] += len(subscriber.gaps)
        self.observations["repeated updates dropped by offset"] += subscriber.repeats
        for order in self.history.accepted():
            if order.user != subscriber.user:
                continue
            outcome = "CANCELLED" if order.final == "CANCELLED" else "COMPLETED"
            for id in order.ids:
                received = subscriber.received.get(id, {})
                count = received.get(outcome, 0)
                if count > 1:
                    self.violation(DUPLICATED, f"{subscriber.name} received {outcome} of {id} {count} times", order)
                if wrong := received.keys() - {outcome}:
                    self.violation(WRONG, f"{subscriber.name} received {wrong} of {id}, which is {outcome}", order)
                if count == 0:
                    event = CANCELLED_EVENT if outcome == "CANCELLED" else COMPLETED_EVENT
                    completed_at = self.event(order.id, event)[2]
                    if last_gap and completed_at and completed_at <= last_gap:
                        self.observations["updates covered by a reported gap"] += 1
                    else:
                        self.violation(LOST, f"{subscriber.name} did not receive {id}", order)
        if subscriber.disordered:
            self.violation(WRONG, f"{subscriber.name} received {subscriber.disordered} updates out of order")

    def check_dead_letters(self, queues):
        for queue, messages in queues.items():
            if messages:
                headers = messages[0]["properties"].get("headers", {})
                self.violation(WRONG, f"{queue} holds {len(messages)}: {headers.get('x-error', headers)}")

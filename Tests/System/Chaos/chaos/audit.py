"""Holds what the servers have and the tabs heard against what the clients were told."""

import collections
from decimal import Decimal

from chaos.ledger import ACCEPTED, REFUSED, signature
from chaos.servers import Broker, Cache, Database

COMPLETED_EVENT, ACCEPTED_EVENT = "order.processed.v1", "order.accepted.v1"
LOST, DUPLICATED, WRONG = "lost", "duplicated", "wrong"


class Audit:
    """After `run`, `faults` holds what is wrong: (kind, the order or None, text)."""

    def __init__(self, ledger, tabs, catalogue):
        self.ledger, self.tabs, self.catalogue = ledger, tabs, catalogue
        self.faults = []
        self.facts = collections.Counter()

    def fault(self, kind, text, order=None):
        self.faults.append((kind, order, f"order {order.number} ({order.fault}): {text}" if order else text))

    def run(self, content):
        database, cache = Database(content["postgres"]["uri"]), Cache(content["redis"])
        self.check_database(database.orders({order.user for order in self.ledger.orders}), database.events())
        self.check_cache(cache.family("order:status:"), cache.family("order:pending:"))
        for tab in self.tabs:
            self.check_tab(tab)
        self.check_dead_letters(Broker(content["rabbitmq"]).dead_letters())
        for text in self.ledger.oddities:
            self.fault(WRONG, text)

    # PostgreSQL

    def check_database(self, rows, events):
        self.events = events
        self.rows_of = collections.defaultdict(list)
        for row in rows:
            key = signature(row["user"], [(line[0], line[1]) for line in row["lines"]])
            self.rows_of[key].append(row)
        self.cancelled = {row["cid"] for row in rows if row["status"] == "CANCELLED"}
        self.recorded = {row["cid"] for row in rows}
        known = {order.signature for order in self.ledger.orders}
        for key in self.rows_of.keys() - known:
            self.fault(WRONG, f"PostgreSQL has orders that nobody made: {self.rows_of[key]}")
        for order in self.ledger.orders:
            self.check_order(order)
        self.facts["rows"] = len(rows)

    def check_order(self, order):
        rows = self.rows_of[order.signature]
        live = [row for row in rows if row["status"] != "CANCELLED"]
        self.facts["taken back"] += len(rows) - len(live)
        if len(order.ids) > 1:
            self.fault(DUPLICATED, f"its key was answered with several ids: {sorted(order.ids)}", order)
        if len(live) > 1:
            self.fault(DUPLICATED, f"it is there as {[(row['id'], row['status']) for row in live]}, after "
                       f"{order.attempts} attempts, {order.doubtful} of them broken; answered {order.id}", order)
        if order.outcome == REFUSED and live:
            trace = self.event(live[0]["id"], ACCEPTED_EVENT)[3]
            self.fault(WRONG, f"it was refused, and is there as {live[0]['id']} {live[0]['status']}, trace {trace}", order)
        if order.outcome != ACCEPTED:
            self.facts["unanswered, but made"] += order.outcome != REFUSED and bool(live)
            return
        row = next((row for row in live if row["id"] == order.id), None)
        if row is None:
            self.fault(LOST, f"201 as {order.id} {order.correlation_id}, PostgreSQL has {rows or 'nothing'}", order)
            return
        self.check_row(order, row)
        self.check_events(order)

    def check_row(self, order, row):
        lines = {product: (quantity, Decimal(price)) for product, quantity, price in row["lines"]}
        wanted = {
            product: (quantity, Decimal(str(self.catalogue[product]["price"])))
            for product, quantity in order.lines.items()}
        total = sum(quantity * price for quantity, price in wanted.values())
        told = {item["productId"]: (item["quantity"], Decimal(str(item["unitPrice"]))) for item in order.answer["items"]}
        if lines != wanted or len(row["lines"]) != len(wanted) or Decimal(row["total"]) != total:
            self.fault(WRONG, f"PostgreSQL has {row['lines']} for {row['total']}, wanted {wanted} for {total}", order)
        if told != wanted or Decimal(str(order.answer["total"])) != total:
            self.fault(WRONG, f"the answer was {order.answer}", order)
        if (row["status"], row["cid"], row["deleted"]) != ("COMPLETED", order.correlation_id, False):
            self.fault(WRONG, f"PostgreSQL has it as {row['status']} {row['cid']}", order)

    def event(self, order_id, kind):
        return self.events.get(order_id, {}).get(kind, (0, 0, None, None))

    def check_events(self, order):
        events = self.events.get(order.id, {})
        for kind in (ACCEPTED_EVENT, COMPLETED_EVENT):
            count, unpublished, _, _ = self.event(order.id, kind)
            if count == 0:
                self.fault(LOST, f"it has no event {kind}", order)
            if count > 1:
                self.fault(DUPLICATED, f"it has {count} events {kind}", order)
            if kind == COMPLETED_EVENT and unpublished:
                self.fault(LOST, "its event was never published", order)
        if extra := events.keys() - {ACCEPTED_EVENT, COMPLETED_EVENT}:
            self.fault(WRONG, f"it has the events {sorted(extra)}", order)

    # Redis

    def check_cache(self, status, pending):
        expected = {order.correlation_id: order for order in self.ledger.accepted()}
        for cid, order in expected.items():
            if status.get(cid) != f"COMPLETED|{order.id}":
                self.fault(WRONG if cid in status else LOST, f"order:status is {status.get(cid)!r}", order)
            if str(order.id) in pending:
                self.fault(WRONG, "order:pending is still there", order)
        for cid in status.keys() - expected.keys():
            # Of attempts that were refused or never answered. Taken back, recorded, or left to expire.
            kept = status[cid].partition("|")[0]
            self.facts["keys of refused attempts left to expire"] += kept == "ACCEPTED" and cid not in self.recorded

    # Tabs and dead letters

    def check_tab(self, tab):
        """Exactly once; or told of a gap after the order was completed."""
        last_gap = max(tab.gaps, default=None)
        self.facts["gaps told"] += len(tab.gaps)
        self.facts["repeats dropped by their offset"] += tab.repeats
        for order in self.ledger.accepted():
            if order.user != tab.user:
                continue
            count = tab.heard[order.id]["COMPLETED"] if order.id in tab.heard else 0
            if count > 1:
                self.fault(DUPLICATED, f"{tab.name} heard COMPLETED {count} times", order)
            if count == 0:
                when = self.event(order.id, COMPLETED_EVENT)[2]
                if last_gap and when and when <= last_gap:
                    self.facts["covered by a told gap"] += 1
                else:
                    self.fault(LOST, f"{tab.name} did not hear of {order.id}", order)
        if tab.disordered:
            self.fault(WRONG, f"{tab.name} heard {tab.disordered} updates out of order")

    def check_dead_letters(self, letters):
        for queue, found in letters.items():
            if found:
                headers = found[0]["properties"].get("headers", {})
                self.fault(WRONG, f"{queue} holds {len(found)}: {headers.get('x-error', headers)}")

"""The table: a row a fault."""

from chaos.audit import DUPLICATED, LOST, WRONG
from chaos.ledger import ACCEPTED, REFUSED, UNKNOWN

COLUMNS = ("fault", "orders", "201", "refused", "unknown", "lost", "duplicated", "wrong", "first 201", "first told", "whole")


def rows(ledger, audit):
    """One dictionary a fault; times in seconds after the blow, None where it did not come to that."""
    found = []
    for window in ledger.windows:
        orders = ledger.in_window(window.name)
        later = [order for order in orders if order.began >= (window.struck or window.began)]
        wrong = [kind for kind, order, _ in audit.faults if order and order.fault == window.name]
        count = {outcome: sum(order.outcome == outcome for order in orders) for outcome in (ACCEPTED, REFUSED, UNKNOWN)}
        found.append({
            "fault": window.name, "orders": len(orders), "201": count[ACCEPTED], "refused": count[REFUSED],
            "unknown": count[UNKNOWN], "lost": wrong.count(LOST), "duplicated": wrong.count(DUPLICATED),
            "wrong": wrong.count(WRONG), "first 201": since(window, [
                order.ended for order in later if order.outcome == ACCEPTED]),
            "first told": since(window, [order.told for order in later if order.told]),
            "whole": since(window, [window.whole])})
    return found


def since(window, times):
    """From the blow to the first of the times."""
    first = min((time for time in times if time), default=None)
    return None if first is None else round(first - (window.struck or window.began), 2)


def totals(found):
    return {"fault": "all"} | {
        column: sum(row[column] for row in found) for column in COLUMNS[1:8]} | dict.fromkeys(COLUMNS[8:])


def text(found):
    lines = [COLUMNS] + [tuple(cell(row[column]) for column in COLUMNS) for row in [*found, totals(found)]]
    widths = [max(len(line[index]) for line in lines) for index in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(value.ljust(width) if index == 0 else value.rjust(width)
                  for index, (value, width) in enumerate(zip(line, widths))).rstrip()
        for line in lines)


def markdown(found):
    lines = ["| " + " | ".join(COLUMNS) + " |", "| --- |" + " ---: |" * (len(COLUMNS) - 1)]
    return "\n".join(lines + [
        "| " + " | ".join(cell(row[column]) for column in COLUMNS) + " |" for row in [*found, totals(found)]])


def cell(value):
    return "–" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)

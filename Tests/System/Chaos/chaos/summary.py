"""The table of results with a row per fault."""

from chaos.audit import DUPLICATED, LOST, WRONG
from chaos.history import ACCEPTED, REJECTED, UNKNOWN

COLUMNS = (
    "fault", "orders", "201", "rejected", "unknown", "lost", "duplicated", "wrong", "first 201", "first notified",
    "recovered", "longest gap", "p99.9")
BEGINNING = 0.3  # seconds after a fault whose orders are not in p99.9


def rows(history, audit):
    """One dictionary per fault. Times are seconds after the fault, or None."""
    found = []
    for window in history.windows:
        orders = history.in_window(window.name)
        later = [order for order in orders if order.began >= (window.injected or window.began)]
        kinds = [kind for kind, order, _ in audit.violations if order and order.fault == window.name]
        count = {
            outcome: sum(order.outcome == outcome for order in orders)
            for outcome in (ACCEPTED, REJECTED, UNKNOWN)}
        found.append({
            "fault": window.name, "orders": len(orders), "201": count[ACCEPTED], "rejected": count[REJECTED],
            "unknown": count[UNKNOWN], "lost": kinds.count(LOST), "duplicated": kinds.count(DUPLICATED),
            "wrong": kinds.count(WRONG), "first 201": since(window, [
                order.ended for order in later if order.outcome == ACCEPTED]),
            "first notified": since(window, [order.notified for order in later if order.notified]),
            "recovered": since(window, [window.recovered]), "longest gap": longest_gap(history, window), "p99.9": latency(later, window)})
    return found


def latency(orders, window):
    """Milliseconds to the 201 of the slowest order in a thousand, with all attempts, after the fault's beginning."""
    times = sorted(
        order.ended - order.began for order in orders
        if order.outcome == ACCEPTED and order.began >= (window.injected or window.began) + BEGINNING)
    return round(1_000 * times[min(len(times) - 1, int(0.999 * len(times)))]) if times else None


def longest_gap(history, window):
    """Seconds between two 201 answers, whoever's, from the fault to the next."""
    times = [time for time, answer in history.answers if answer == "201"]
    start, end = window.injected or window.began, window.ended or times[-1]
    later = [start, *(time for time in times if start <= time <= end)]
    return round(max((after - before for before, after in zip(later, later[1:])), default=0), 2)


def since(window, times):
    """Seconds from the fault to the first of the times."""
    first = min((time for time in times if time), default=None)
    return None if first is None else round(first - (window.injected or window.began), 2)


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

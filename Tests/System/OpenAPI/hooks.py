"""What JSON Schema cannot say of a request that is to be accepted."""

import re
import uuid

import schemathesis

LEAST, MOST, LINES = 1, 1000, 100


@schemathesis.hook
def before_call(_, case, _kwargs):
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,255}", key):
        # A key is of one order: with another body it is refused, and with the same one the first answer comes again,
        # also of an order that was deleted meanwhile.
        case.headers["Idempotency-Key"] = f"{key}{uuid.uuid4()}"[-255:]
    if case.operation.label == "POST /api/orders" and isinstance(case.body, dict):
        lines = case.body.get("items")
        if isinstance(lines, list) and len(lines) <= LINES:
            case.body = case.body | {"items": list(without_repetitions(lines))}


def without_repetitions(lines):
    """Lines of one product are merged, and refused when they come to too much."""
    seen = set()
    for line in lines:
        if is_good(line):
            if line["productId"] in seen:
                continue
            seen.add(line["productId"])
        yield line


def is_good(line):
    if not isinstance(line, dict):
        return False
    product, quantity = line.get("productId"), line.get("quantity")
    is_number = isinstance(quantity, (int, float)) and not isinstance(quantity, bool)
    return isinstance(product, str) and is_number and LEAST <= quantity <= MOST and quantity == int(quantity)

"""Constraints of valid requests that JSON Schema cannot express."""

import os
import re
import uuid

import schemathesis

CURSORS = os.environ["WAYBILL_CURSORS"].split(",")
MIN_QUANTITY, MAX_QUANTITY, MAX_LINES = 1, 1000, 100


@schemathesis.hook
def before_call(_, case, _kwargs):
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,255}", key):
        # A reused key is rejected with another body and replays the first answer with the same body, even that of a
        # deleted order.
        case.headers["Idempotency-Key"] = f"{key}{uuid.uuid4()}"[-255:]
    after = (case.query or {}).get("after")
    if isinstance(after, str) and len(after) <= 64:
        # A cursor is the `next` of an earlier page, and not together with an offset.
        case.query.pop("offset" if after in CURSORS else "after", None)
    if case.operation.label == "POST /api/orders" and isinstance(case.body, dict):
        lines = case.body.get("items")
        if isinstance(lines, list) and len(lines) <= MAX_LINES:
            case.body = case.body | {"items": list(without_duplicates(lines))}


def without_duplicates(lines):
    """Drops repeated products: their lines are merged, and rejected when the sum exceeds the maximum."""
    seen = set()
    for line in lines:
        if is_valid(line):
            if line["productId"] in seen:
                continue
            seen.add(line["productId"])
        yield line


def is_valid(line):
    if not isinstance(line, dict):
        return False
    product, quantity = line.get("productId"), line.get("quantity")
    is_number = isinstance(quantity, (int, float)) and not isinstance(quantity, bool)
    return isinstance(product, str) and is_number and MIN_QUANTITY <= quantity <= MAX_QUANTITY and quantity == int(quantity)

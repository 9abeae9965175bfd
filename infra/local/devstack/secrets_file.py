"""Passwords and keys of one stack, generated once and stored in a file of mode 600."""

import json
import os
import secrets


def load(path, names):
    """Returns name → secret; generates and stores the missing ones."""
    try:
        known = json.loads(path.read_text())
    except FileNotFoundError:
        known = {}
    missing = [name for name in names if name not in known]
    if missing:
        # 36 bytes: 48 URL-safe characters, valid in a URL without escaping and as an HS256 key.
        known |= {name: secrets.token_urlsafe(36) for name in missing}
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(known, file, indent=1)
    return known

"""Renders configuration files from devstack/templates: `@NAME@` is replaced, the rest is the server's syntax."""

import os
import pathlib
import re

from devstack.errors import DevstackError

TEMPLATES = pathlib.Path(__file__).resolve().parent / "templates"


def render(name, target, mode=0o600, **values):
    def value(match):
        if match[1] not in values:
            raise DevstackError(f"templates/{name}: no value for @{match[1]}@")
        return str(values[match[1]])

    text = re.sub(r"@([A-Z_]+)@", value, (TEMPLATES / name).read_text())
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    os.chmod(target, mode)
    return target

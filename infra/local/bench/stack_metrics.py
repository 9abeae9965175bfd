"""Memory and CPU of a running stack from /proc, counters from /metrics, and the benchmarks' arguments."""

import argparse
import json
import os
import pathlib
import re
import urllib.request

import private_stack

TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")  # µs


def between(lowest, highest):
    """An argument's type: a number within limits."""
    def parse(text):
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"{text} is not a number from {lowest} to {highest}")
        return int(text)

    return parse


def process_tree(pid):
    """The process and its descendants: PostgreSQL's backends are child processes."""
    children = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, pending = [], [pid]
    while pending:
        found.append(pending.pop())
        pending += children.get(found[-1], [])
    return found


def cpu(pid):
    """CPU time of the process tree in µs, including reaped children."""
    total = 0
    for member in process_tree(pid):
        try:
            fields = pathlib.Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(value) for value in fields[11:13] + (fields[13:15] if member == pid else []))
    return total * TICK


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def programs(stack):
    """name → pids."""
    return private_stack.pids(stack) | {name: [stack[name]["pid"]] for name in ("redis", "rabbitmq", "postgres")}


def usage(stack):
    return {name: sum(map(cpu, pids)) for name, pids in programs(stack).items()}


def token(url, user):
    body = json.dumps({"userId": user}).encode()
    request = urllib.request.Request(f"{url}/dev/token", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)["token"]


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def counter(stack, kind, name, *labels):
    """The sum of a counter over the replicas and over all series that have the labels `name="value"`."""
    pattern = re.compile(rf"^{name}(\{{[^}}]*\}})? ([0-9.e+]+)$", re.MULTILINE)
    return sum(
        float(value) for each in stack[kind] for found, value in pattern.findall(get(f"{each['url']}/metrics"))
        if all(label in found for label in labels))


def processed(stack):
    return counter(stack, "process", "waybill_orders_processed_total")

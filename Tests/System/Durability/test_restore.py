"""PostgreSQL is restored from a backup that knows less than was accepted since."""

import json
import os
import pathlib
import subprocess
from urllib.parse import urlsplit

import pytest

SERVICES = [f"{kind}-{number}" for kind in ("accept", "process", "notification") for number in (1, 2)] + ["console-1"]


def run(*words):
    return subprocess.run(words, text=True, capture_output=True, timeout=60, check=True).stdout


def test_a_backup_is_restored(stack, customer, tmp_path):
    if os.environ.get("WAYBILL_SERVER_ROOT"):
        pytest.skip("pg_dump is older than the server")
    command = pathlib.Path(os.readlink(f"/proc/{stack.description['accept'][0]['pid']}/exe")).parent / "waybill"

    def restored():
        """(exit status, output) of `waybill restored`."""
        done = subprocess.run(
            [command, "restored", "--yes", "--stack", stack.file], text=True, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    saved = [customer.place() for _ in range(5)]
    for order in saved:
        customer.await_final(order)
    secret = json.loads((stack.directory / "secrets.json").read_text())["postgresAdmin"]
    address = urlsplit(stack.description["postgres"]["uri"])
    administrator = address._replace(netloc=f"postgres:{secret}@{address.hostname}:{address.port}").geturl()
    dump = tmp_path / "waybill.dump"
    run("pg_dump", "-Fc", "-f", dump, administrator)
    lost = [customer.place() for _ in range(5)]
    for order in lost:
        customer.await_final(order)
    status, output = restored()
    assert status == 1 and "stop the services first" in output and "order-accept" in output

    with stack.stopped(*SERVICES):
        maintenance = urlsplit(administrator)._replace(path="/postgres").geturl()
        run("psql", "-qX", maintenance, "-c", "DROP DATABASE waybill WITH (FORCE)")
        run("pg_restore", "-C", "-d", maintenance, dump)
        status, output = restored()
        assert status == 0 and "next order id" in output, output

    placed = [customer.place() for _ in range(5)]
    for order in placed:
        assert customer.await_final(order)["status"] == "COMPLETED"
    given = {order["id"] for order in saved + lost}
    assert min(order["id"] for order in placed) > max(given)
    # What the backup did not have is nowhere.
    assert {order["id"] for order in customer.orders()} == {order["id"] for order in saved + placed}
    for order in lost:
        assert customer.order(order) is None and customer.status(order) is None
    assert all(customer.order(order)["status"] == "COMPLETED" for order in saved)

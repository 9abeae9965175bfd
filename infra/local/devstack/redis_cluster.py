"""A private Redis Cluster of three nodes without replicas."""

import os
import subprocess
import time

from devstack import ports, redis
from devstack.errors import DevstackError

NODES = (1, 2, 3)
PORT_NAMES = [f"{kind}{number}" for kind in ("cluster", "bus") for number in NODES]
FORM_SECONDS = 30


def programs(directory, chosen, secrets):
    found = []
    for number in NODES:
        program = redis.program(directory / f"cluster-{number}", chosen[f"cluster{number}"], secrets)
        program.name = f"redis-cluster-{number}"
        with open(program.argv[1], "a") as file:
            file.write(f"cluster-enabled yes\ncluster-port {chosen[f'bus{number}']}\ncluster-node-timeout 2000\n")
        found.append(program)
    return found


def addresses(chosen):
    return [f"{ports.HOST}:{chosen[f'cluster{number}']}" for number in NODES]


def form(chosen, secrets):
    """Makes the nodes a cluster, unless they are."""
    first = chosen["cluster1"]
    if "cluster_slots_assigned:16384" not in command(secrets, "-p", str(first), "CLUSTER", "INFO"):
        command(secrets, "--cluster", "create", *addresses(chosen), "--cluster-yes")
    deadline = time.monotonic() + FORM_SECONDS
    while not all(
            "cluster_state:ok" in command(secrets, "-p", str(chosen[f"cluster{number}"]), "CLUSTER", "INFO")
            for number in NODES):
        if time.monotonic() > deadline:
            raise DevstackError("Redis' nodes did not become a cluster")
        time.sleep(0.1)


def command(secrets, *words):
    done = subprocess.run(
        ["redis-cli", "-h", ports.HOST, "--user", redis.USER, "--no-auth-warning", *words],
        env=os.environ | {"REDISCLI_AUTH": secrets["redis"]}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DevstackError(f"redis-cli {words[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def description(chosen, secrets):
    return {"nodes": addresses(chosen), "user": redis.USER, "password": secrets["redis"]}

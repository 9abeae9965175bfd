"""The whole stack: its programs, started in dependency order and stopped in reverse."""

import contextlib
import fcntl
import os
import pathlib
import random
import time
from concurrent.futures import ThreadPoolExecutor

from devstack import directories, edge, ports, postgres, process, rabbitmq, redis, secrets_file, services, stack_file
from devstack.configuration import MAX_OFFSET, StackConfiguration
from devstack.errors import DevstackError
from devstack.supervisor import Supervisor

READY_SECONDS = 120
# Ports in the edge's range that browsers block (Fetch standard, "bad port").
REFUSED_BY_BROWSERS = {10080}
SECRETS = (*redis.SECRETS, "rabbitmq", "jwt", *postgres.SECRETS)


class Stack:
    def __init__(self, config):
        self.config = config
        self.directory = config.directory
        self.file = self.directory / "stack.json"
        self.supervisor = Supervisor(self.directory)
        self.is_cancelled = False

    @contextlib.contextmanager
    def locked(self):
        """Serializes `up` and `down`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.directory / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("waiting for another command on this stack …", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def plan(self):
        """Creates missing configuration and data folders, and the list of programs by start phase."""
        for name in ("run", "log"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        config, secrets = self.config, secrets_file.load(self.directory / "secrets.json", SECRETS)
        self.secrets = secrets
        self.servers = [
            *rabbitmq.programs(
                self.directory, config.port("amqp"), config.port("epmd"), config.port("erlang distribution"),
                secrets["rabbitmq"], config.port("rabbitmq management")),
            redis.program(self.directory, config.port("redis"), secrets),
            postgres.program(self.directory, config.port("postgres"), secrets)]
        self.services = services.programs(config, secrets)
        self.edge = edge.program(config)
        self.programs = [*self.servers, *sum(self.services.values(), []), self.edge]

    def up(self):
        """Starts what does not run; returns the number of started programs."""
        self.plan()
        was_up = self.supervisor.is_running()
        if not was_up:
            self.clear_orphans()
        changed = [program for program in self.programs if program.write()]
        try:
            self.supervise(changed, was_up)
            started = [program for program in self.programs if not program.pid]
            ports.require_free(
                {f"{program.name}: {name}": port for program in started for name, port in program.ports.items()},
                "Stop what holds them, or set WAYBILL_PORT_OFFSET (a multiple of 100 is best).")
            self.start_all()
        except BaseException:
            if not was_up:
                self.stop_everything()
            raise
        with stack_file.locked(self.file):  # a program that restarts at this moment writes its pid there too
            stack_file.write(self.file, self.description())
        return len(started)

    def clear_orphans(self):
        """Removes stale files and unsupervised programs after a reboot or a SIGKILL of supervisord."""
        self.file.unlink(missing_ok=True)
        orphans = self.orphans()
        if orphans:
            print(f"stopping programs left by an earlier run: {', '.join(sorted(path.stem for path in orphans))}", flush=True)
            self.end_orphans(orphans)

    def orphans(self):
        return [path for path in (self.directory / "run").glob("*.pid") if process.running_pid(path)]

    def end_orphans(self, orphans):
        for number in (15, 9):
            for path in orphans:
                if pid := process.running_pid(path):
                    process.send(pid, number)
            orphans = process.wait_gone(orphans, 5)
        for path in (self.directory / "run").glob("*.pid"):
            process.kill_orphans(path)

    def supervise(self, changed, was_up):
        """Starts or reloads supervisord with the present programs, and stops those whose specification changed."""
        self.supervisor.write(self.programs)
        if was_up:
            self.supervisor.reload()
            self.supervisor.stop_programs(changed)
        else:
            self.supervisor.quit()  # one that runs but does not answer
            self.supervisor.start()

    def start_all(self):
        """Starts the servers, then order-process, which migrates the database, then all others."""
        with ThreadPoolExecutor(len(self.programs)) as pool:
            try:
                self.start_in_order(pool)
            except BaseException:
                self.is_cancelled = True  # ends the remaining waits
                raise

    def start_in_order(self, pool):
        epmd, *others, database = self.servers
        # Without a running epmd the broker would start its own.
        self.start_one(epmd)
        waits = [pool.submit(self.start_one, program) for program in others]
        self.start_one(database)
        postgres.prepare_roles(self.config.port("postgres"), self.secrets)
        self.finish(waits)
        self.finish([pool.submit(self.start_one, program) for program in self.services["process"]])
        rest = [*self.services["accept"], *self.services["notification"], *self.services["console"], self.edge]
        self.finish([pool.submit(self.start_one, program) for program in rest])

    @staticmethod
    def finish(waits):
        for wait in waits:
            wait.result()

    def start_one(self, program):
        began = time.monotonic()
        was_running = program.pid is not None
        program.mark_log()
        self.supervisor.start_program(program)
        program.wait_ready(READY_SECONDS, lambda: self.is_cancelled or self.supervisor.has_given_up(program.name))
        numbers = ", ".join(str(port) for port in program.ports.values())
        how = "already running" if was_running else f"ready after {time.monotonic() - began:.1f} s"
        print(f"  {program.name:<15} {numbers:<20} {how}", flush=True)

    def description(self):
        """The content of stack.json, whose shape the contract fixes."""
        config, secrets = self.config, self.secrets

        def replicas(kind):
            return [
                {"url": f"http://{ports.HOST}:{next(iter(program.ports.values()))}", "pid": program.pid}
                for program in self.services[kind]]

        _, broker, cache, database = self.servers
        return {
            "edge": f"http://{ports.HOST}:{config.port('edge')}",
            "accept": replicas("accept"), "process": replicas("process"), "notification": replicas("notification"),
            "console": replicas("console"),
            "redis": redis.description(config.port("redis"), secrets, cache.pid),
            "rabbitmq": {
                "uri": rabbitmq.uri(config.port("amqp"), secrets["rabbitmq"]),
                "managementUrl": f"http://{ports.HOST}:{config.port('rabbitmq management')}", "pid": broker.pid},
            "postgres": {
                "uri": postgres.uri(postgres.OWNER, secrets["postgresOwner"], config.port("postgres")),
                "pid": database.pid},
            "edgePid": self.edge.pid,
            "jwt": services.tokens() | {"secret": secrets["jwt"]},
        }

    def down(self):
        """Stops the services first, so that they can drain; returns whether anything ran."""
        was_running = self.supervisor.is_running() or bool(self.orphans()) or self.supervisor.pid() is not None
        self.stop_everything()
        return was_running

    def stop_everything(self):
        self.file.unlink(missing_ok=True)
        if self.supervisor.is_running():
            self.supervisor.stop_watchdog()
            known = self.known_programs()
            replicas = [name for name in known if name.partition("-")[2].isdigit()]
            servers = [name for name in known if name not in replicas and name != "epmd"]
            for phase in (replicas, servers, ["epmd"]):
                self.supervisor.stop_programs([known[name] for name in phase if name in known])
        self.supervisor.quit()
        self.end_orphans(self.orphans())

    def known_programs(self):
        """The programs of supervisord, which may be more than the present environment asks for."""
        return {
            info["name"]: StoppableProgram(self.directory, info["name"])
            for info in self.supervisor.rpc.getAllProcessInfo() if info["name"] != "watchdog"}

    def logs(self):
        names = {path.stem: path for path in sorted((self.directory / "run").glob("*.json"))}
        return {name: self.directory / "log" / f"{name}.log" for name in names}

    def clean(self):
        with self.locked():
            self.down()
        # Folders named by a port offset belong to other stacks.
        directories.remove(self.directory, keep=lambda entry: entry.name.isdigit())


class StoppableProgram:
    """A program known by name only, which suffices to stop it."""

    stop_seconds = 15

    def __init__(self, directory, name):
        self.name = name
        self.pid_file = pathlib.Path(directory) / "run" / f"{name}.pid"


def free_offset():
    """An offset whose ports are all free, and are given to nobody else for a while."""
    candidates = []
    for offset in random.sample(range(1000, MAX_OFFSET, 100), (MAX_OFFSET - 1000) // 100):
        os.environ["WAYBILL_PORT_OFFSET"] = str(offset)
        configuration = StackConfiguration.from_environment()
        if configuration.port("edge") not in REFUSED_BY_BROWSERS:
            candidates.append((offset, configuration.every_port))
    deadline = time.monotonic() + ports.RESERVATION  # by then what others chose and did not use is free
    while (offset := ports.reserve(candidates)) is None:
        if time.monotonic() > deadline:
            raise DevstackError("no free port offset")
        time.sleep(1)
    return offset

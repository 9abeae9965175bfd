"""The whole stack: its programs, started in dependency order and stopped in reverse."""

import contextlib
import dataclasses
import fcntl
import os
import pathlib
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from devstack import directories, edge, ports, postgres, process, rabbitmq, redis, secrets_file, services, stack_file
from devstack.configuration import MAX_OFFSET, StackConfiguration
from devstack.errors import DevstackError
from devstack.program import Program
from devstack.supervisor import Supervisor

READY_SECONDS = 120
# Ports in the edge's range that browsers block (Fetch standard, "bad port").
REFUSED_BY_BROWSERS = {10080}
# Kinds of services with replicas, and their names in the configuration and, as WAYBILL_…, in the environment.
KINDS = {"accept": "acceptors", "process": "processors", "notification": "notifiers"}
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

    def plan(self, was_up):
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
        self.edge = edge.program(config, is_kept=was_up and self.is_edge_running() and not self.is_resized())
        self.programs = [*self.servers, *sum(self.services.values(), []), self.edge]

    def is_edge_running(self):
        return process.running_pid(self.directory / "run" / "edge.pid") is not None

    def keep_replicas(self):
        """Asks for as many replicas as there were before, at least, unless `down` has ended them."""
        asked, counts = self.replicas(self.config), self.former_replicas()
        for name, count in counts.items():
            if count > asked[name] and os.environ.get(f"WAYBILL_{name.upper()}"):
                print(f"  {count} {name} stay, more than were asked for: `down` ends them", flush=True)
        self.config = dataclasses.replace(
            self.config, **{name: max(count, asked[name]) for name, count in counts.items()})

    @staticmethod
    def replicas(config):
        return {name: getattr(config, name) for name in KINDS.values()}

    def former_replicas(self):
        """Replicas by kind, as the stack's file lists them; without one, as this command is asked for."""
        described = stack_file.read(self.file)
        if not described:
            return self.replicas(self.config)
        return {name: len(described[kind]) for kind, name in KINDS.items()}

    def is_resized(self):
        return self.former_replicas() != self.replicas(self.config)

    def up(self):
        """Starts what does not run, restarts what hangs, and leaves the rest alone; returns the names of both."""
        self.supervisor.resume()
        was_up = self.supervisor.is_running()
        self.keep_replicas()
        self.plan(was_up)
        resized = was_up and self.is_resized()
        if not was_up:
            self.clear_orphans()
        hanging = self.hanging() if was_up else {}
        absent = [program for program in self.programs if not program.pid]
        try:
            self.supervise(hanging, was_up, resized)
            ports.require_free(
                {f"{program.name}: {name}": port for program in absent for name, port in program.ports.items()},
                "Stop what holds them, or set WAYBILL_PORT_OFFSET (a multiple of 100 is best).")
            for name, problem in hanging.items():
                what = problem if problem.startswith("refuses") else f"hangs ({problem})"
                print(f"  {name} {what}: restarting it", flush=True)
                self.program(name).kill()
            self.start_all(absent, hanging)
            if resized:
                self.reload_edge()
        except BaseException:
            if not was_up:
                self.stop_everything()
            raise
        self.describe()
        return [program.name for program in absent] + list(hanging)

    def program(self, name):
        (found,) = [program for program in self.programs if program.name == name]
        return found

    def hanging(self):
        """The running programs that answer nobody, with what is seen of it."""
        running = [program for program in self.programs if program.pid]
        with ThreadPoolExecutor(len(self.programs)) as pool:
            found = dict(zip([program.name for program in running], pool.map(Program.hang, running)))
        return {name: problem for name, problem in found.items() if problem}

    def describe(self):
        with stack_file.locked(self.file):  # a program that restarts at this moment writes its pid there too
            stack_file.write(self.file, self.description())

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

    def supervise(self, hanging, was_up, resized):
        """Starts or reloads supervisord with the present programs. One that runs keeps its settings until it is stopped."""
        console = self.services["console"][0]
        for program in self.programs:
            starts = not program.pid or program.name in hanging
            if starts or not program.is_changed() or (resized and program in (self.edge, console)):
                program.write()
            else:
                print(
                    f"  {program.name:<15} runs on with its settings and its executable, which have changed; `down` and "
                    "`up` apply them", flush=True)
        self.supervisor.write(self.programs)
        if resized:
            self.supervisor.stop_programs([console])  # it knows the replicas of its start alone
        if was_up:
            self.supervisor.reload()
        else:
            self.supervisor.quit()  # one that runs but does not answer
            self.supervisor.start()

    def reload_edge(self):
        """Tells the edge of other replicas, which interrupts no request."""
        if pid := self.edge.pid:
            process.send(pid, signal.SIGHUP)

    def start_all(self, absent, hanging):
        """Starts the servers, then order-process, which migrates the database, then all others."""
        self.began = {program.name for program in absent} | set(hanging)
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
        program.mark_log()
        self.supervisor.start_program(program)
        program.wait_ready(READY_SECONDS, lambda: self.is_cancelled or self.supervisor.has_given_up(program.name))
        numbers = ", ".join(str(port) for port in program.ports.values())
        how = f"ready after {time.monotonic() - began:.1f} s" if program.name in self.began else "already running"
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

    def state(self):
        """What `restore` needs: replicas by kind, and the names of what runs; None when nothing does."""
        if not self.supervisor.is_running():
            return None
        return self.former_replicas(), {
            info["name"] for info in self.supervisor.rpc.getAllProcessInfo() if info["statename"] in ("STARTING", "RUNNING")}

    def restore(self, state):
        """Stops what did not run when `state` was taken."""
        if state is None:
            self.down()
            return
        replicas, running = state
        self.config = dataclasses.replace(self.config, **replicas)
        self.plan(was_up=True)
        resized = self.is_resized()
        if resized:
            self.reload_edge()
        self.supervise({}, was_up=True, resized=resized)
        self.supervisor.stop_programs([program for program in self.programs if program.name not in running])
        for program in self.programs:
            if program.name in running:
                self.supervisor.start_program(program)
                program.wait_ready(READY_SECONDS, lambda name=program.name: self.supervisor.has_given_up(name))
        self.describe()

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

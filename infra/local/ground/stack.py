"""The whole stack: what it consists of, bringing it up in order, taking it down in reverse."""

import contextlib
import fcntl
import os
import pathlib
import random
import time
from concurrent.futures import ThreadPoolExecutor

from ground import edge, place, ports, postgres, process, rabbitmq, redis, secretfile, services, stackfile
from ground.fault import Fault
from ground.layout import MAX_OFFSET, Layout
from ground.supervisor import Supervisor

READY_SECONDS = 120
# Browsers open no page on these (Fetch, "bad port"), of those that an edge may come to have.
REFUSED_BY_BROWSERS = {10080}
SECRETS = (*redis.SECRETS, "rabbitmq", "jwt", *postgres.SECRETS)


class Stack:
    def __init__(self, layout):
        self.layout = layout
        self.directory = layout.directory
        self.file = self.directory / "stack.json"
        self.supervisor = Supervisor(self.directory)
        self.is_cancelled = False

    @contextlib.contextmanager
    def locked(self):
        """One `up` or `down` at a time."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.directory / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("waiting for another command on this stack …", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def plan(self):
        """Makes configuration and data folders where missing; fills in the programs by their phase."""
        for name in ("run", "log"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        layout, secrets = self.layout, secretfile.load(self.directory / "secrets.json", SECRETS)
        self.secrets = secrets
        self.servers = [
            *rabbitmq.programs(
                self.directory, layout.port("amqp"), layout.port("epmd"), layout.port("erlang distribution"),
                secrets["rabbitmq"], layout.port("rabbitmq management")),
            redis.program(self.directory, layout.port("redis"), secrets),
            postgres.program(self.directory, layout.port("postgres"), secrets)]
        self.services = services.programs(layout, secrets)
        self.edge = edge.program(layout)
        self.programs = [*self.servers, *sum(self.services.values(), []), self.edge]

    # Up

    def up(self):
        """Returns the number of programs that had to be started."""
        self.plan()
        was_up = self.supervisor.is_running()
        if not was_up:
            self.clear_remains()
        changed = [program for program in self.programs if program.write()]
        try:
            self.supervise(changed, was_up)
            started = [program for program in self.programs if not program.pid]
            ports.require_free(
                {f"{program.name}: {name}": port for program in started for name, port in program.ports.items()},
                "Stop what holds them, or set WAYBILL_PORT_OFFSET (a multiple of 100 is best).")
            self.bring_up()
        except BaseException:
            if not was_up:
                self.stop_everything()
            raise
        with stackfile.locked(self.file):  # a program that restarts right now notes its pid there too
            stackfile.write(self.file, self.description())
        return len(started)

    def clear_remains(self):
        """After a reboot or a kill -9 of supervisord: stale files, and perhaps programs nobody supervises."""
        self.file.unlink(missing_ok=True)
        remains = self.remains()
        if remains:
            print(f"ending what an earlier run left: {', '.join(sorted(path.stem for path in remains))}", flush=True)
            self.end_remains(remains)

    def remains(self):
        return [path for path in (self.directory / "run").glob("*.pid") if process.living(path)]

    def end_remains(self, remains):
        for number in (15, 9):
            for path in remains:
                if pid := process.living(path):
                    process.send(pid, number)
            remains = process.wait_gone(remains, 5)
        for path in (self.directory / "run").glob("*.pid"):
            process.kill_leftovers(path)

    def supervise(self, changed, was_up):
        """supervisord runs, knows every program, and those that changed are stopped."""
        self.supervisor.write(self.programs)
        if was_up:
            self.supervisor.reload()
            self.supervisor.stop_programs(changed)
        else:
            self.supervisor.quit()  # one that is there but does not answer
            self.supervisor.start()

    def bring_up(self):
        """Servers together; then order-process, which migrates the database; then the rest together."""
        with ThreadPoolExecutor(len(self.programs)) as pool:
            try:
                self.bring_up_in_order(pool)
            except BaseException:
                self.is_cancelled = True  # the waits that are left end
                raise

    def bring_up_in_order(self, pool):
        epmd, *others, database = self.servers
        # epmd first: the broker would start one of its own.
        self.bring_up_one(epmd)
        waits = [pool.submit(self.bring_up_one, program) for program in others]
        self.bring_up_one(database)
        postgres.prepare_roles(self.layout.port("postgres"), self.secrets)
        self.finish(waits)
        self.finish([pool.submit(self.bring_up_one, program) for program in self.services["process"]])
        rest = [*self.services["accept"], *self.services["notification"], *self.services["console"], self.edge]
        self.finish([pool.submit(self.bring_up_one, program) for program in rest])

    @staticmethod
    def finish(waits):
        for wait in waits:
            wait.result()

    def bring_up_one(self, program):
        began = time.monotonic()
        was_running = program.pid is not None
        program.mark_log()
        self.supervisor.start_program(program)
        program.wait_ready(READY_SECONDS, lambda: self.is_cancelled or self.supervisor.has_given_up(program.name))
        numbers = ", ".join(str(port) for port in program.ports.values())
        how = "already there" if was_running else f"ready after {time.monotonic() - began:.1f} s"
        print(f"  {program.name:<15} {numbers:<20} {how}", flush=True)

    def description(self):
        """The shape of stack.json; see the contract."""
        layout, secrets = self.layout, self.secrets

        def replicas(kind):
            return [
                {"url": f"http://{ports.HOST}:{next(iter(program.ports.values()))}", "pid": program.pid}
                for program in self.services[kind]]

        _, broker, cache, database = self.servers
        return {
            "edge": f"http://{ports.HOST}:{layout.port('edge')}",
            "accept": replicas("accept"), "process": replicas("process"), "notification": replicas("notification"),
            "console": replicas("console"),
            "redis": redis.description(layout.port("redis"), secrets, cache.pid),
            "rabbitmq": {
                "uri": rabbitmq.uri(layout.port("amqp"), secrets["rabbitmq"]),
                "managementUrl": f"http://{ports.HOST}:{layout.port('rabbitmq management')}", "pid": broker.pid},
            "postgres": {
                "uri": postgres.uri(postgres.OWNER, secrets["postgresOwner"], layout.port("postgres")),
                "pid": database.pid},
            "edgePid": self.edge.pid,
            "jwt": services.tokens() | {"secret": secrets["jwt"]},
        }

    # Down

    def down(self):
        """Services first, with everything they need to drain; returns whether there was something to stop."""
        had = self.supervisor.is_running() or bool(self.remains()) or self.supervisor.pid() is not None
        self.stop_everything()
        return had

    def stop_everything(self):
        self.file.unlink(missing_ok=True)
        if self.supervisor.is_running():
            self.supervisor.stop_keeper()
            known = self.known_programs()
            replicas = [name for name in known if name.partition("-")[2].isdigit()]
            servers = [name for name in known if name not in replicas and name != "epmd"]
            for phase in (replicas, servers, ["epmd"]):
                self.supervisor.stop_programs([known[name] for name in phase if name in known])
        self.supervisor.quit()
        self.end_remains(self.remains())

    def known_programs(self):
        """What supervisord runs, which may be more than today's environment asks for."""
        return {
            info["name"]: Known(self.directory, info["name"])
            for info in self.supervisor.rpc.getAllProcessInfo() if info["name"] != "keeper"}

    # The rest

    def logs(self):
        names = {path.stem: path for path in sorted((self.directory / "run").glob("*.json"))}
        return {name: self.directory / "log" / f"{name}.log" for name in names}

    def clean(self):
        with self.locked():
            self.down()
        # Folders named by an offset are other stacks', perhaps running.
        place.remove(self.directory, keep=lambda entry: entry.name.isdigit())


class Known:
    """A program to be stopped: only its name matters then."""

    stop_seconds = 15

    def __init__(self, directory, name):
        self.name = name
        self.pid_file = pathlib.Path(directory) / "run" / f"{name}.pid"


def free_offset():
    """An offset whose ports are all free, for a second stack beside others; chosen at random against races."""
    candidates = range(1000, MAX_OFFSET, 100)
    for offset in random.sample(candidates, len(candidates)):
        os.environ["WAYBILL_PORT_OFFSET"] = str(offset)
        if Layout.from_environment().port("edge") in REFUSED_BY_BROWSERS:
            continue
        if all(ports.is_free(port) for port in Layout.from_environment().every_port):
            return offset
    raise Fault("no free port offset")

"""A private PostgreSQL: database `waybill`, its owner, and two roles that only read. Passwords by SCRAM.

As root, the cluster is made and run as `postgres`, which is the user Debian's package brings.
"""

import glob
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

from ground import place, ports
from ground.fault import Fault
from ground.program import Program
from ground.template import render

OWNER, READER, OPERATOR = "waybill", "waybill_reader", "waybill_operator"
DATABASE, ADMIN = "waybill", "postgres"
SECRETS = ("postgresAdmin", "postgresOwner", "postgresReader", "postgresOperator")


def binary(name):
    """Debian keeps each version apart and off the PATH; the newest is ours."""
    found = glob.glob(f"/usr/lib/postgresql/*/bin/{name}")
    if not found:
        raise Fault("PostgreSQL is not installed: run `make deps`")
    return max(found, key=lambda path: int(re.search(r"postgresql/(\d+)", path)[1]))


def system_user():
    return "postgres" if os.geteuid() == 0 else None


def program(directory, port, secrets, durable=True, tls=None):
    """`durable=False` leaves out fsync: it survives kill -9 all the same, but not a power cut.

    `tls` has the paths of a certificate and its key: TLS is then to be had on the same port.
    """
    user = system_user()
    data = place.prepare(directory / "postgres", user)
    if not (data / "PG_VERSION").exists():
        initialise(data, user, secrets["postgresAdmin"])
    drop_stale_lock(data)
    # Read as `postgres`, in a folder only that user can enter; it holds no secret.
    configuration = render(
        "postgresql.conf", data / "waybill.conf", mode=0o644, PORT=port, FSYNC="on" if durable else "off")
    if tls:
        with open(configuration, "a") as file:
            file.write("ssl = on\n")
        for path, name in zip(tls, ("server.crt", "server.key")):  # PostgreSQL's own names, in its data folder
            shutil.copy(path, data / name)
            os.chmod(data / name, 0o600)
            if user:
                os.chown(data / name, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    argv = [binary("postgres"), "-D", str(data), "-c", f"config_file={configuration}"]
    return Program(
        name="postgres", argv=argv, directory=directory, ports={"postgres": port}, user=user,
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(data)},
        workplace=str(data),  # backends of a killed server still have its shared memory for a moment
        stop_signal=signal.SIGINT,  # "fast": TERM would wait until every client has left
        ready=lambda: missing(port))


def initialise(data, user, password):
    with tempfile.NamedTemporaryFile("w", suffix=".pw", dir="/tmp") as file:  # --pwfile wants a real file
        file.write(password)
        file.flush()
        if user:
            os.chown(file.name, pwd.getpwnam(user).pw_uid, -1)
        done = run_as(user, [
            binary("initdb"), "-D", str(data), "-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={file.name}",
            "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8"])
    if done.returncode:
        raise Fault(f"initdb failed:\n{done.stdout}{done.stderr}")


def run_as(user, argv):
    identity = {}
    if user:
        entry = pwd.getpwnam(user)
        identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False, **identity)


def drop_stale_lock(data):
    """After a reboot the pid in the lock may be some other process of the same user; then the server refuses."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
        name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return
    if name != "postgres":
        lock.unlink(missing_ok=True)


def missing(port):
    done = subprocess.run(
        [binary("pg_isready"), "-q", "-h", ports.HOST, "-p", str(port)], check=False)
    return None if done.returncode == 0 else "it does not take connections yet"


def prepare_roles(port, secrets):
    """Roles, database and default rights. Safe to repeat; also sets the passwords again."""
    script = render(
        "roles.sql", pathlib.Path(tempfile.mkdtemp(prefix="waybill-")) / "roles.sql", OWNER=OWNER, READER=READER,
        OPERATOR=OPERATOR, DATABASE=DATABASE, OWNER_PASSWORD=secrets["postgresOwner"],
        READER_PASSWORD=secrets["postgresReader"], OPERATOR_PASSWORD=secrets["postgresOperator"])
    try:
        done = subprocess.run(
            [binary("psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-h", ports.HOST, "-p", str(port), "-U", ADMIN,
             "-d", "postgres", "-f", str(script)],
            env={"PGPASSWORD": secrets["postgresAdmin"], "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
            check=False)
    finally:
        script.unlink()
        script.parent.rmdir()
    if done.returncode:
        raise Fault(f"the roles could not be made:\n{done.stderr}")


def uri(role, password, port):
    return f"postgresql://{role}:{password}@{ports.HOST}:{port}/{DATABASE}"


def description(port, secrets, pid):
    return {
        "host": ports.HOST, "port": port, "database": DATABASE,
        "user": OWNER, "password": secrets["postgresOwner"],
        "uri": uri(OWNER, secrets["postgresOwner"], port),
        "readerUri": uri(READER, secrets["postgresReader"], port),
        "adminUri": uri(ADMIN, secrets["postgresAdmin"], port), "pid": pid,
    }

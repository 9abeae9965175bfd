"""A private PostgreSQL: database `waybill`, its owner, and two read-only roles. Authentication is SCRAM.

When started as root, the cluster is created and run as `postgres`, the user of Debian's package.
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

from devstack import directories, ports, server_root
from devstack.errors import DevstackError
from devstack.program import Program
from devstack.template import render

OWNER, READER, NOTIFIER, OPERATOR = "waybill", "waybill_reader", "waybill_notifier", "waybill_operator"
DATABASE, ADMIN = "waybill", "postgres"
SECRETS = ("postgresAdmin", "postgresOwner", "postgresReader", "postgresNotifier", "postgresOperator")


def binary(name, root=None):
    """The newest installed version; Debian keeps each in a directory off the PATH."""
    found = glob.glob(f"{root or ''}/usr/lib/postgresql/*/bin/{name}")
    if not found:
        raise DevstackError("PostgreSQL is not installed: run `make deps`")
    newest = max(found, key=lambda path: int(re.search(r"postgresql/(\d+)", path)[1]))
    return newest.removeprefix(root or "")


def system_user():
    return "postgres" if os.geteuid() == 0 else None


def program(directory, port, secrets, durable=True, tls=None, asks_clients=False):
    """`durable=False` turns fsync off: data survives SIGKILL but not a power failure.

    `tls` holds the paths of a certificate and its key, and enables TLS on the same port; with `asks_clients`, theirs must
    be signed by it.
    """
    user = system_user()
    data = directories.prepare(directory / "postgres", user)
    if not (data / "PG_VERSION").exists():
        initialise(data, user, secrets["postgresAdmin"])
    drop_stale_lock(data)
    # Read by `postgres`, in a directory only that user can enter; it holds no secret.
    configuration = render(
        "postgresql.conf", data / "waybill.conf", mode=0o644, PORT=port, FSYNC="on" if durable else "off")
    if tls:
        with open(configuration, "a") as file:
            file.write("ssl = on\n" + ("ssl_ca_file = 'server.crt'\n" if asks_clients else ""))
        for path, name in zip(tls, ("server.crt", "server.key")):  # PostgreSQL's own names, in its data folder
            shutil.copy(path, data / name)
            os.chmod(data / name, 0o600)
            if user:
                os.chown(data / name, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        if asks_clients:
            require_certificates(data / "pg_hba.conf")
    root = server_root.path()
    argv = [binary("postgres", root), "-D", str(data), "-c", f"config_file={configuration}"]
    return Program(
        name="postgres", argv=argv, directory=directory, ports={"postgres": port}, user=user, root=root,
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(data)},
        exclusive_directory=str(data),  # backends of a killed server keep its shared memory for a moment
        stop_signal=signal.SIGINT,  # fast shutdown: SIGTERM waits until every client has disconnected
        probe=lambda: readiness_problem(port))


def require_certificates(rules):
    """Of connections over TLS. The first rule that matches decides."""
    rule = "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n"
    text = rules.read_text()
    if not text.startswith(rule):
        rules.write_text(rule + text)


def initialise(data, user, password):
    with tempfile.NamedTemporaryFile("w", suffix=".pw", dir="/tmp") as file:  # --pwfile requires a regular file
        file.write(password)
        file.flush()
        if user:
            os.chown(file.name, pwd.getpwnam(user).pw_uid, -1)
        root = server_root.path()
        done = run_as(user, root, [
            binary("initdb", root), "-D", str(data), "-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={file.name}",
            "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8"])
    if done.returncode:
        raise DevstackError(f"initdb failed:\n{done.stdout}{done.stderr}")


def run_as(user, root, argv):
    def prepare():
        if root:
            server_root.enter(root)
        server_root.become(user)

    return subprocess.run(
        argv, cwd="/", capture_output=True, text=True, check=False, preexec_fn=prepare)  # noqa: PLW1509


def drop_stale_lock(data):
    """Removes a lock whose pid belongs to another program after a reboot; the server would refuse to start."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
        name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return
    if name != "postgres":
        lock.unlink(missing_ok=True)


def readiness_problem(port):
    done = subprocess.run(
        [binary("pg_isready"), "-q", "-h", ports.HOST, "-p", str(port)], check=False)
    return None if done.returncode == 0 else "it does not accept connections yet"


def prepare_roles(port, secrets):
    """Creates roles, database and privileges, and sets the passwords. Idempotent."""
    script = render(
        "roles.sql", pathlib.Path(tempfile.mkdtemp(prefix="waybill-")) / "roles.sql", OWNER=OWNER, READER=READER,
        NOTIFIER=NOTIFIER, OPERATOR=OPERATOR, DATABASE=DATABASE, OWNER_PASSWORD=secrets["postgresOwner"],
        READER_PASSWORD=secrets["postgresReader"], NOTIFIER_PASSWORD=secrets["postgresNotifier"],
        OPERATOR_PASSWORD=secrets["postgresOperator"])
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
        raise DevstackError(f"the roles could not be created:\n{done.stderr}")


def uri(role, password, port):
    return f"postgresql://{role}:{password}@{ports.HOST}:{port}/{DATABASE}"


def description(port, secrets, pid):
    return {
        "host": ports.HOST, "port": port, "database": DATABASE,
        "user": OWNER, "password": secrets["postgresOwner"],
        "uri": uri(OWNER, secrets["postgresOwner"], port),
        "readerUri": uri(READER, secrets["postgresReader"], port),
        "notifierUri": uri(NOTIFIER, secrets["postgresNotifier"], port),
        "adminUri": uri(ADMIN, secrets["postgresAdmin"], port), "pid": pid,
    }

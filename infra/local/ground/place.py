"""Folders for servers that run as another user than us.

PostgreSQL refuses to run as root, and needs every parent of its data folder to be passable for `postgres`;
a checkout under /root is not. Then the folder goes to /var/tmp and a link to it stays where it was expected.
"""

import hashlib
import os
import pathlib
import pwd
import shutil
import subprocess
import sys

from ground.fault import Fault


def is_passable(directory, user):
    """Whether `user` can enter the directory and all its parents. True for ourselves."""
    if user is None:
        return True
    entry = pwd.getpwnam(user)
    return subprocess.run(
        ["test", "-x", directory], user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], check=False).returncode == 0


def fallback(directory):
    digest = hashlib.sha256(str(directory).encode()).hexdigest()[:10]
    return pathlib.Path(f"/var/tmp/waybill-{os.getuid()}-{digest}")


def prepare(directory, user):
    """The real path to use for `directory`, owned by `user` (None: ourselves) and made when missing."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    real = directory.resolve()
    if not directory.is_symlink() and not is_passable(directory.parent, user):
        real = fallback(directory)
        real.mkdir(mode=0o700, exist_ok=True)
        if real.is_symlink() or real.stat().st_uid not in (os.getuid(), pwd.getpwnam(user).pw_uid):
            raise Fault(f"{real} belongs to somebody else; remove it")
        directory.symlink_to(real)
        print(f"{directory} cannot be reached by {user}: its content is in {real}", file=sys.stderr)
    real.mkdir(mode=0o700, exist_ok=True)
    if user:
        os.chown(real, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    return real


def remove(directory, keep=lambda entry: False):
    """Removes a folder, but for the entries to keep, and what its links to fallback folders point at."""
    for entry in list(directory.glob("*")):
        if keep(entry):
            continue
        if entry.is_symlink() and entry.readlink() == fallback(entry):
            shutil.rmtree(entry.resolve(), ignore_errors=True)
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()

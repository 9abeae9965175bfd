"""Data directories of servers that run as another user.

PostgreSQL refuses to run as root and needs execute permission for `postgres` on every parent of its data
directory, which a checkout under /root lacks. The directory is then created in /var/tmp and linked to.
"""

import hashlib
import os
import pathlib
import pwd
import shutil
import subprocess
import sys

from devstack.errors import DevstackError


def is_traversable(directory, user):
    """Whether `user` can enter the directory and all its parents. True for None, the current user."""
    if user is None:
        return True
    entry = pwd.getpwnam(user)
    return subprocess.run(
        ["test", "-x", directory], user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], check=False).returncode == 0


def fallback(directory):
    digest = hashlib.sha256(str(directory).encode()).hexdigest()[:10]
    return pathlib.Path(f"/var/tmp/waybill-{os.getuid()}-{digest}")


def prepare(directory, user):
    """Creates `directory` for `user` (None: the current user) and returns its real path."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    real = directory.resolve()
    if not directory.is_symlink() and not is_traversable(directory.parent, user):
        real = fallback(directory)
        real.mkdir(mode=0o700, exist_ok=True)
        if real.is_symlink() or real.stat().st_uid not in (os.getuid(), pwd.getpwnam(user).pw_uid):
            raise DevstackError(f"{real} belongs to another user; remove it")
        directory.symlink_to(real)
        print(f"{directory} is not accessible to {user}: its content is in {real}", file=sys.stderr)
    real.mkdir(mode=0o700, exist_ok=True)
    if user:
        os.chown(real, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    return real


def remove(directory, keep=lambda entry: False):
    """Removes a directory and the fallback directories it links to, except the entries to keep."""
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

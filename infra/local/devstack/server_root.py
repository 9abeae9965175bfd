"""Servers of another suite of Debian: WAYBILL_SERVER_ROOT names a folder with its files, of which each server sees `/usr` in
place of the machine's. Needs root."""

import ctypes
import os
import pwd

CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


def path():
    return os.environ.get("WAYBILL_SERVER_ROOT") or None


def enter(root):
    """Gives this process a view of its own, in which `/usr` is the root's."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(function, *arguments):
        if function(*arguments) != 0:
            raise OSError(ctypes.get_errno(), f"{function.__name__}: {os.strerror(ctypes.get_errno())}")

    call(libc.unshare, CLONE_NEWNS)
    call(libc.mount, None, b"/", None, MS_REC | MS_PRIVATE, None)
    call(libc.mount, os.fsencode(f"{root}/usr"), b"/usr", None, MS_BIND, None)


def become(user):
    """Drops the privileges of root."""
    if user and os.geteuid() == 0:
        entry = pwd.getpwnam(user)
        os.initgroups(user, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)

"""Run a program under a user name where the present uid has none (anonymous uid).

Run as a script: ``anonymous_uid.py PROGRAM [ARGUMENT ...]``. Containers often run under a
uid without a user name, which initdb refuses. In a user namespace of its own the process appears as
``nobody``; its files keep their owner. Without namespaces the user stays unchanged.
"""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

CLONE_NEWUSER = 0x10000000
NOBODY = 65534


def main(command: list[str]) -> None:
    """Appear as ``nobody`` and execute the command."""
    user, group = os.getuid(), os.getgid()
    with suppress(OSError):
        if ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

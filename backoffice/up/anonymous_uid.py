"""Become another program under a user that has a name, where the present one has a number only.

Run as a script: ``anonymous_uid.py PROGRAM [ARGUMENT ...]``. Containers often run as a number;
initdb refuses a user that the system cannot name. In a namespace of its own the user passes for
``nobody``; what it writes is still its own. A kernel that forbids this leaves the user as it is.
"""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

CLONE_NEWUSER = 0x10000000
NOBODY = 65534


def main(command: list[str]) -> None:
    """Pass for ``nobody`` and run the command in this process's place."""
    user, group = os.getuid(), os.getgid()
    with suppress(OSError):
        if ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Become another program that ends when the launcher ends.

Run as a script: ``parent_death_signal.py PARENT SIGNAL UID PROGRAM [ARGUMENT ...]``. On Linux the
kernel sends SIGNAL when the parent ends for any reason; elsewhere only an orderly stop is
supported.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, signal_number: int, uid: int, command: list[str]) -> None:
    """Drop to the user, tie the process to its parent and run the command in its place."""
    if uid != os.getuid():
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After the change of user: the kernel forgets the signal when credentials change.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:
            sys.exit(f"parent-death signal: the parent {parent} is gone")
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])

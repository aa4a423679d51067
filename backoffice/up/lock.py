"""One owner of the services per checkout; other processes read who it is, or borrow them."""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Owner:
    """The owner of the services: ``address`` is empty for a command without a web process."""

    pid: int
    address: str


class Lock:
    """A file lock that the kernel releases when its process ends."""

    def __init__(self, run: Path) -> None:
        self.file = run / "lock"
        self._borrowers_file = run / "borrowers.lock"
        self._held: list[IO[str]] = []

    def claim(self, *, address: str) -> Owner | None:
        """Become the owner and return None, or return the present owner."""
        stream = self.file.open("a+")
        if not _locked(stream, fcntl.LOCK_EX):
            stream.seek(0)
            owner = _owner(stream.read())
            stream.close()
            return owner
        self._held.append(stream)
        stream.truncate(0)
        # Unbuffered: a write that a full disk refuses would be repeated when the file closes.
        os.write(stream.fileno(), json.dumps(asdict(Owner(os.getpid(), address))).encode())
        return None

    def borrow(self) -> None:
        """Mark the services as used until this process ends."""
        stream = self._borrowers_file.open("a+")
        fcntl.flock(stream, fcntl.LOCK_SH)
        self._held.append(stream)

    def is_borrowed(self) -> bool:
        """Return whether a borrower is still running."""
        with self._borrowers_file.open("a+") as stream:
            return not _locked(stream, fcntl.LOCK_EX)

    def release(self) -> None:
        """Release the lock."""
        while self._held:
            self._held.pop().close()


def _locked(stream: IO[str], kind: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(stream, kind | fcntl.LOCK_NB)
        return True
    return False


def _owner(text: str) -> Owner:
    """Return the owner that the lock file names; it is empty for an instant at the claim."""
    with suppress(ValueError, TypeError):
        return Owner(**json.loads(text))
    return Owner(0, "")

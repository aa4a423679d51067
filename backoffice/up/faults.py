"""What the machine refuses (no room, no right), said as one line with its remedy."""

import errno
import os
import pwd
import shutil
import tempfile
import time
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from backoffice.up.console import LaunchError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
# As the C library, Python and uv say it; every program here speaks English in its log.
FULL_WORDS = ("No space left on device", "Disk quota exceeded")
TAIL_BYTES = 4096
BEGAN = time.time()


class DiskFull(LaunchError):
    """There is no room; ``where`` is the folder or the file that was written."""

    def __init__(self, where: object) -> None:
        super().__init__(
            f"磁盘已满 ({where}): 用 df -h 查看并腾出空间; WEIDAI_DATA=/其他磁盘 可移走数据",
            f"the disk is full ({where}): see df -h and make room; WEIDAI_DATA=/other/disk moves "
            "the data",
        )


def explained(error: OSError, folders: Iterable[Path]) -> LaunchError | None:
    """Return the line for a refusal of the machine; None for an error that is our own.

    ``folders`` are those that the launcher writes to, for an error that does not say where.
    """
    if error.errno in FULL or is_full(str(error)):  # copytree's error has no number, only words
        return DiskFull(error.filename2 or error.filename or _fullest(folders))
    if error.errno in FORBIDDEN:
        return not_permitted(error, folders)
    if error.errno == errno.ENOEXEC:
        return foreign(error.filename)
    return None


def unexpected(error: Exception, run: Path) -> LaunchError:
    """Return the line for an error of the launcher's own, and keep its traceback in a file."""
    words = "".join(traceback.format_exception(error))
    last = " ".join("".join(traceback.format_exception_only(error)).split())
    try:
        log = _kept(words, run)
    except OSError as refused:  # nowhere: the line is all there is
        log = Path(f"- ({refused.strerror})")
    return LaunchError(
        f"启动器出错 ({last}): 请把 {log} 发给维护者",
        f"the launcher has failed ({last}): send {log} to its maintainers",
    )


def _kept(words: str, run: Path) -> Path:
    try:
        log = run / "launcher.log"
        log.write_text(words, encoding="utf-8", errors="replace")
    except OSError:  # there is no such folder yet, or it is another user's
        number, name = tempfile.mkstemp(prefix="weidai-", suffix=".log")
        log = Path(name)
        with os.fdopen(number, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(words)
    return log


def _fullest(folders: Iterable[Path]) -> Path:
    """Return the folder with the least room; one that is missing stands on its parent's disk."""
    there = [next(each for each in (path, *path.parents) if each.exists()) for path in folders]
    return min(there, key=lambda folder: shutil.disk_usage(folder).free)


def is_full(words: str) -> bool:
    """Return whether a program ended because a disk is full."""
    return any(some in words for some in FULL_WORDS)


def not_permitted(error: OSError, folders: Iterable[Path]) -> LaunchError:
    """Return what to say where we may not read or write: in a folder of ours it was another user's.

    Root has every right but on a disk that nobody may write.
    """
    path, uid = Path(str(error.filename or "")), os.getuid()
    ours = next((folder for folder in folders if path.is_relative_to(folder)), None)
    if ours and uid and error.errno != errno.EROFS:
        return LaunchError(
            f"没有权限 {path}: sudo chown -R {uid} '{ours}'",
            f"no permission {path}: sudo chown -R {uid} '{ours}'",
        )
    what = error.filename or error
    return LaunchError(
        f"没有权限 {what}: 换到自己的目录, 或设 WEIDAI_DATA=/可写目录",
        f"no permission {what}: use a folder of your own, or set WEIDAI_DATA=/a/writable/folder",
    )


def foreign(what: object) -> LaunchError:
    """Return what to say of an embedded program that this machine does not run."""
    return LaunchError(
        f"内嵌程序在本机无法运行 ({what}): 请设 DATABASE_URL 和 CELERY_BROKER_URL 使用自己的服务",
        f"an embedded program does not run on this machine ({what}): set DATABASE_URL and "
        "CELERY_BROKER_URL to services of your own",
    )


def full_in_logs(run: Path, folders: Iterable[Path]) -> LaunchError | None:
    """Return what to say if a process of this start wrote that a disk is full."""
    with suppress(OSError):  # another user's, or gone
        for log in run.glob("*.log"):
            if log.stat().st_mtime >= BEGAN and is_full(_tail(log)):
                return DiskFull(_fullest(folders))
    return None


def _tail(log: Path) -> str:
    return log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")


def essence(words: str) -> str:
    """Return the line of a program's output that names its trouble: the last FATAL, or the last."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    grave = [line for line in lines if any(mark in line for mark in ("FATAL", "PANIC"))]
    return (grave or lines or [""])[-1]


def user_name(uid: int) -> str:
    """Return what a user is called; a container's user may have a number only."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

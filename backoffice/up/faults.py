"""Refusals of the machine (full disk, missing permission), each as one line with its remedy."""

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
# Messages of the C library, Python and uv; every program here logs in English.
FULL_MESSAGES = ("No space left on device", "Disk quota exceeded")
TAIL_BYTES = 4096
BEGAN = time.time()


class DiskFull(LaunchError):
    """The disk is full; ``where`` is the folder or the file that was written."""

    def __init__(self, where: object) -> None:
        super().__init__(
            f"磁盘已满 ({where}): 用 df -h 查看并腾出空间; WEIDAI_DATA=/其他磁盘 可移走数据",
            f"the disk is full ({where}): see df -h and make room; WEIDAI_DATA=/other/disk moves "
            "the data",
        )


def explained(error: OSError, folders: Iterable[Path]) -> LaunchError | None:
    """Return the line for a refusal of the machine; None for an error of the launcher.

    ``folders`` are those that the launcher writes to, for an error without a path.
    """
    if error.errno in FULL or is_full(str(error)):  # copytree's error has only a text
        return DiskFull(error.filename2 or error.filename or _fullest(folders))
    if error.errno in FORBIDDEN:
        return not_permitted(error, folders)
    if error.errno == errno.ENOEXEC:
        return cannot_execute(error.filename)
    return None


def unexpected(error: Exception, run: Path) -> LaunchError:
    """Return the line for an error of the launcher, and store its traceback in a file."""
    text = "".join(traceback.format_exception(error))
    last = " ".join("".join(traceback.format_exception_only(error)).split())
    try:
        log = _store_log(text, run)
    except OSError as refused:  # not writable: only the line is printed
        log = Path(f"- ({refused.strerror})")
    return LaunchError(
        f"启动器出错 ({last}): 请把 {log} 发给维护者",
        f"the launcher has failed ({last}): send {log} to its maintainers",
    )


def _store_log(text: str, run: Path) -> Path:
    try:
        log = run / "launcher.log"
        log.write_text(text, encoding="utf-8", errors="replace")
    except OSError:  # the folder is missing or belongs to another user
        number, name = tempfile.mkstemp(prefix="weidai-", suffix=".log")
        log = Path(name)
        with os.fdopen(number, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
    return log


def _fullest(folders: Iterable[Path]) -> Path:
    """Return the folder with the least free space; a missing one is on its parent's disk."""
    there = [next(each for each in (path, *path.parents) if each.exists()) for path in folders]
    return min(there, key=lambda folder: shutil.disk_usage(folder).free)


def is_full(output: str) -> bool:
    """Return whether a program ended because a disk is full."""
    return any(text in output for text in FULL_MESSAGES)


def not_permitted(error: OSError, folders: Iterable[Path]) -> LaunchError:
    """Return the line for a missing permission; in our own folders another user owns the file.

    Root has every permission except on a read-only disk.
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


def cannot_execute(what: object) -> LaunchError:
    """Return the line for an embedded program that does not run on this machine."""
    return LaunchError(
        f"内嵌程序在本机无法运行 ({what}): 请设 DATABASE_URL 和 CELERY_BROKER_URL 使用自己的服务",
        f"an embedded program does not run on this machine ({what}): set DATABASE_URL and "
        "CELERY_BROKER_URL to services of your own",
    )


def full_in_logs(run: Path, folders: Iterable[Path]) -> LaunchError | None:
    """Return the line for a full disk if a process of this start logged one."""
    with suppress(OSError):  # another user's, or gone
        for log in run.glob("*.log"):
            if log.stat().st_mtime >= BEGAN and is_full(_tail(log)):
                return DiskFull(_fullest(folders))
    return None


def _tail(log: Path) -> str:
    return log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")


def error_line(output: str) -> str:
    """Return the error line of a program's output: the last FATAL or PANIC, or the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    grave = [line for line in lines if any(mark in line for mark in ("FATAL", "PANIC"))]
    return (grave or lines or [""])[-1]


def user_name(uid: int) -> str:
    """Return the name of a user; the user of a container may have a uid only."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

"""Preflight checks of the embedded PostgreSQL's folders; each error names its remedy."""

import os
from pathlib import Path

from backoffice.up import faults
from backoffice.up.console import LaunchError, print_done

MAJOR = "18"


def require_reachable(folder: Path, uid: int) -> None:
    """Check that the server's user can enter the folder; root's home is closed to it.

    Raises:
        LaunchError: A parent folder is closed to the user.
    """
    for parent in (folder, *folder.parents):
        state = parent.stat()
        mine = state.st_uid == uid and state.st_mode & 0o100
        if not (mine or state.st_mode & 0o001 or os.getuid() == uid):
            raise LaunchError(
                f"PostgreSQL 的用户 {faults.user_name(uid)} 进不了 {parent}: "
                "请设 WEIDAI_DATA=/var/lib/weidai",
                f"PostgreSQL's user {faults.user_name(uid)} cannot enter {parent}: "
                "set WEIDAI_DATA=/var/lib/weidai",
            )


def require_usable(data: Path, uid: int) -> None:
    """Check that a data directory is a cluster of our version; close it to other users.

    Raises:
        LaunchError: It belongs to another user, is no cluster, or has another version.
    """
    if not data.is_dir():  # or a link to an unmounted disk
        raise _no_cluster(data)
    state = data.stat()
    if state.st_uid != uid:
        name, other = faults.user_name(uid), faults.user_name(state.st_uid)
        raise LaunchError(
            f"{data} 属于用户 {other}, 应属于 {name}: sudo chown -R {uid} '{data}'",
            f"{data} belongs to {other}, not to {name}: sudo chown -R {uid} '{data}'",
        )
    if state.st_mode & 0o027:
        data.chmod(0o700)
        print_done("已收紧数据目录的权限", f"closed {data} to other users, as PostgreSQL wants it")
    _require_version(data)


def _require_version(data: Path) -> None:
    try:
        version = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, UnicodeDecodeError):
        raise _no_cluster(data) from None
    if not version.isdigit():
        raise _no_cluster(data)
    if version != MAJOR:
        raise LaunchError(
            f"{data} 是 PostgreSQL {version} 的数据, 内嵌的是 {MAJOR}: "
            f"用 {version} 导出后移走该目录, 或设 DATABASE_URL",
            f"{data} holds data of PostgreSQL {version}, the embedded one is {MAJOR}: dump it "
            f"with {version} and move it away, or set DATABASE_URL",
        )


def _no_cluster(data: Path) -> LaunchError:
    return LaunchError(
        f"{data} 不是完整的 PostgreSQL 数据目录: 从备份恢复, 或重新开始: mv '{data}' '{data}.old'",
        f"{data} is no whole PostgreSQL data directory: restore it from a backup, or begin again: "
        f"mv '{data}' '{data}.old'",
    )

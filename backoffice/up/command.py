"""``exec``: one command in the project's environment, with the services it needs."""

import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import FrameType

from backoffice.up import dotenv, services
from backoffice.up.console import LaunchError, begin
from backoffice.up.lock import Lock
from backoffice.up.paths import RUN
from backoffice.up.processes import Family, bound_to_parent

OWNER_SECONDS_MAX = 60.0


def run(words: Sequence[str]) -> int:
    """Run the command on the services that already run here, or on its own; return its exit code.

    Raises:
        LaunchError: A service does not start or the command does not exist.
    """
    lock = Lock(RUN)
    if lock.claim(address=""):
        lock.borrow()
        return foreground(words, _names_of_owner())
    services.ENV_FILE.unlink(missing_ok=True)
    try:
        with Family(RUN) as family:
            code = foreground(words, services.start(family, extra={"SANDBOX": "1"}))
            _wait_for_borrowers(lock)
    finally:
        services.ENV_FILE.unlink(missing_ok=True)
        lock.release()
    return code


def _names_of_owner() -> dict[str, str]:
    """Return the names that the running launcher wrote; the operator's own win."""
    until = time.monotonic() + OWNER_SECONDS_MAX
    while not services.ENV_FILE.exists():  # it is still starting
        if time.monotonic() > until:
            raise LaunchError(
                f"正在运行的启动器没有写 {services.ENV_FILE}: 请重新启动它",
                f"the running launcher has not written {services.ENV_FILE}: start it again",
            )
        time.sleep(0.1)
    given = services.given_names()
    names = dotenv.read(services.ENV_FILE)
    return {name: given.get(name, value) for name, value in names.items()}


def foreground(words: Sequence[str], names: Mapping[str, str]) -> int:
    """Run the command in this terminal; return its exit code, 128 + n when signal n ended it.

    Raises:
        LaunchError: There is no such command.
    """
    environ = services.environ(names)
    if not shutil.which(words[0], path=environ["PATH"]):
        raise LaunchError(f"没有命令 {words[0]}", f"there is no command {words[0]}")
    process = subprocess.Popen(bound_to_parent(words), env=environ)

    def pass_on(number: int, _: FrameType | None) -> None:
        # The terminal sends Ctrl-C to the command itself; the others reach only this process.
        if number != signal.SIGINT:
            process.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def _wait_for_borrowers(lock: Lock) -> None:
    if lock.is_borrowed():
        begin("等待使用同一服务的命令结束", "waiting for commands that use the same services")
    while lock.is_borrowed():
        time.sleep(0.5)

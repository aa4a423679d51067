"""``exec``: one command in the project's environment, with the services it needs."""

import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import FrameType

from backoffice.up import dotenv, services
from backoffice.up.console import LaunchError, print_started
from backoffice.up.lock import Lock
from backoffice.up.paths import RUN
from backoffice.up.processes import ProcessGroup, bound_to_parent

OWNER_SECONDS_MAX = 60.0


def run(argv: Sequence[str]) -> int:
    """Run the command on the services that already run here, or on its own; return its exit code.

    Raises:
        LaunchError: A service does not start or the command does not exist.
    """
    lock = Lock(RUN)
    if lock.claim(address=""):
        lock.borrow()
        return foreground(argv, _environment_of_owner())
    services.ENV_FILE.unlink(missing_ok=True)
    try:
        with ProcessGroup(RUN) as group:
            code = foreground(argv, services.start(group, extra={"SANDBOX": "1"}))
            _wait_for_borrowers(lock)
    finally:
        services.ENV_FILE.unlink(missing_ok=True)
        lock.release()
    return code


def _environment_of_owner() -> dict[str, str]:
    """Return the variables that the running launcher wrote; the operator's own take precedence."""
    until = time.monotonic() + OWNER_SECONDS_MAX
    while not services.ENV_FILE.exists():  # it is still starting
        if time.monotonic() > until:
            raise LaunchError(
                f"正在运行的启动器没有写 {services.ENV_FILE}: 请重新启动它",
                f"the running launcher has not written {services.ENV_FILE}: start it again",
            )
        time.sleep(0.1)
    given = services.given_environment()
    names = dotenv.read(services.ENV_FILE)
    return {name: given.get(name, value) for name, value in names.items()}


def foreground(argv: Sequence[str], names: Mapping[str, str]) -> int:
    """Run the command in this terminal; return its exit code, 128 + n when signal n ended it.

    Raises:
        LaunchError: There is no such command.
    """
    environ = services.environ(names)
    if not shutil.which(argv[0], path=environ["PATH"]):
        raise LaunchError(f"没有命令 {argv[0]}", f"there is no command {argv[0]}")
    process = subprocess.Popen(bound_to_parent(argv), env=environ)

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
        print_started(
            "等待使用同一服务的命令结束", "waiting for commands that use the same services"
        )
    while lock.is_borrowed():
        time.sleep(0.5)

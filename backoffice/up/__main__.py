"""``python -m backoffice.up``: start everything, or run one command with everything it needs."""

import argparse
import os
import signal
import sys
from contextlib import suppress

from backoffice.up import command, environment, faults, launch
from backoffice.up.console import LaunchError, both, print_error, tolerant_stream
from backoffice.up.paths import ROOT, RUN, VENV, data_folder
from backoffice.up.terminal import end_with_make

PORT = 8000


def port_number(text: str) -> int:
    """Return a port to listen on.

    Raises:
        argparse.ArgumentTypeError: It is not a whole number of 1 to 65535.
    """
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(
            both(f"{text!r} 不是端口, 例如 8001", f"{text!r} is not a port, for example 8001")
        )
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    arguments = argparse.ArgumentParser(
        prog="python -m backoffice.up",
        description=both("启动全部进程", "Start everything in one terminal; Ctrl-C ends it."),
    )
    # Without arguments: start. "exec" is the only subcommand: a plain start needs no argument.
    commands = arguments.add_subparsers(dest="command", metavar="exec")
    execute = commands.add_parser(
        "exec", help=both("在就绪的环境中运行命令", "run a command with environment and services")
    )
    execute.add_argument(
        "--dev", action="store_true", help=both("含开发依赖", "with requirements-dev.txt")
    )
    execute.add_argument("argv", nargs="+", metavar="CMD", help="-- CMD ARG ...")
    arguments.add_argument(
        "--port",
        type=port_number,
        default=os.environ.get("PORT") or str(PORT),
        help=both("网页端口", f"port of the pages (PORT, {PORT})"),
    )
    arguments.add_argument(
        "--no-demo",
        dest="demo",
        action="store_false",
        help=both("不建演示数据", "without demo portfolio and logins; SANDBOX=0 unless --sandbox"),
    )
    arguments.add_argument(
        "--sandbox",
        action="store_true",
        help=both("沙箱模式", "sandbox: movable clock, sandbox bank"),
    )
    return arguments


def main() -> int:
    """Run the launcher; return its exit code."""
    sys.stdout, sys.stderr = tolerant_stream(sys.stdout), tolerant_stream(sys.stderr)
    options = parser().parse_args()
    os.chdir(ROOT)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup stays nohup
            signal.signal(number, signal.default_int_handler)
    end_with_make()
    try:
        return start(options)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        print_error(line_for(error))
        return 1


def line_for(error: Exception) -> LaunchError:
    """Return the line to print for an error: the refusal of the machine behind it, or the error."""
    folders = [RUN, VENV]
    with suppress(LaunchError):  # a user without a home has no data folder either
        folders.append(data_folder(dict(os.environ), uid=os.getuid()))
    if isinstance(error, faults.DiskFull):
        return error
    if isinstance(error, LaunchError):
        return faults.full_in_logs(RUN, folders) or error
    refused = faults.explained(error, folders) if isinstance(error, OSError) else None
    return refused or faults.unexpected(error, RUN)


def start(options: argparse.Namespace) -> int:
    """Do what the command line asks for; return the exit code.

    Raises:
        LaunchError: The command fails; the message says why.
    """
    if options.command == "exec":
        environment.enter(dev=options.dev)
        return command.run(options.argv)
    launch.require_startable(options.port)
    environment.enter(dev=False)
    return launch.run(launch.Options(options.port, demo=options.demo, sandbox=options.sandbox))


if __name__ == "__main__":
    sys.exit(main())

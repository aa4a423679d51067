"""Ports of this machine and the liveness of the web process."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

from backoffice.up.console import LaunchError

HOST = "127.0.0.1"


@contextmanager
def reserved(port: int) -> Iterator[None]:
    """Reserve the port of the web process while other processes choose free ports.

    Raises:
        LaunchError: The port is in use, or requires root.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except PermissionError:
            raise LaunchError(
                f"端口 {port} 只有 root 可用: PORT=8001 make run",
                f"port {port} is for root alone: PORT=8001 make run",
            ) from None
        except OSError:
            other = 8001 if port < 1024 or port == 65535 else port + 1
            raise LaunchError(
                f"端口 {port} 已被占用: PORT={other} make run",
                f"port {port} is in use: PORT={other} make run",
            ) from None
        yield


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        number: int = listener.getsockname()[1]
    return number


def answers(port: int) -> bool:
    """Return whether somebody listens on the port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def is_alive(port: int) -> bool:
    """Return whether the web process answers ``/livez``."""
    # Outside the sandbox every plain request is sent to https: ask as the proxy before it would.
    headers = {"X-Forwarded-Proto": "https"}
    with closing(http.client.HTTPConnection(HOST, port, timeout=2)) as connection:
        try:
            connection.request("GET", "/livez", headers=headers)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

# -*- coding: utf-8 -*-  # noqa: UP009 - without it Python 2 stops before it can say what is needed
"""The one-command launcher: environment, embedded services and every process in one terminal.

It runs before anything is installed, so it imports nothing but the standard library.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the one file that an older Python can still read
    sys.exit(
        "需要 Python 3.11 或更新版本: PYTHON=python3.11 make run / "
        "Python 3.11 or newer is needed: PYTHON=python3.11 make run"
    )

# Before the other modules: they import what Windows does not have. Python 2 has no such finder.
from importlib.util import find_spec

if sys.platform == "win32" or find_spec("fcntl") is None:
    sys.exit(
        "需要 Linux, macOS 或 WSL 上的 Python 3.11+; Windows: wsl --install, 在其中 make run / "
        "Linux, macOS or WSL with Python 3.11+ is needed; on Windows it runs inside WSL: "
        "wsl --install, then make run in there"
    )

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

# Before the other modules: they import what Windows does not have.
if sys.platform == "win32":
    sys.exit(
        "Windows 上请在 WSL 中运行: wsl --install, 然后在 WSL 里 make run / "
        "on Windows it runs inside WSL: wsl --install, then make run in there"
    )

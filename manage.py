#!/usr/bin/env python
"""Django's command line for Weidai."""

import os
import sys
from pathlib import Path

# What `make run` writes of its services, and takes away when it ends.
SERVICES = Path(__file__).resolve().parent / ".run" / "env"
NOT_RUNNING = "(本目录的 make run 未在运行 / make run is not running in this checkout)"


def main() -> None:
    """Run the named management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # it names the variable and its remedy
        hint = "" if SERVICES.is_file() else f" {NOT_RUNNING}"
        sys.exit(f"{type(error).__name__}: {error}{hint}")


if __name__ == "__main__":
    main()

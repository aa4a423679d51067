#!/usr/bin/env python
"""Django's command line for Weidai."""

import os
import sys


def main() -> None:
    """Run the named management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # it names the variable and its remedy
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()

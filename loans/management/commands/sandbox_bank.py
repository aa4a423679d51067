"""``manage.py sandbox_bank``: the bank of a sandbox, in a process of its own."""

import json
import signal
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import Refused
from loans.gateways.sandbox import script as scripts
from loans.gateways.sandbox.bank import Bank
from loans.gateways.sandbox.server import SandboxServer
from loans.gateways.sandbox.store import BankStore

PORT = 8100


class NoSecretError(Refused):
    """The bank has no key to check signatures with."""

    code = "no-channel-secret"
    message = _("CHANNEL_SECRET is not set.")
    remedy = _("Set the same value for the bank and the back office, e.g. CHANNEL_SECRET=s3cret.")


class StoreUnusableError(Refused):
    """The store cannot be opened."""

    code = "store-unusable"
    message = _("The store {file} cannot be used: {problem}.")
    remedy = _("Name another file with --store, or delete this one to start with an empty bank.")


class PortTakenError(Refused):
    """The port cannot be listened on."""

    code = "port-taken"
    message = _("Port {port} cannot be used: {problem}.")
    remedy = _("Choose another with --port and set CHANNEL_URL to match.")


class Command(BaseCommand):
    """Serve the sandbox bank until Ctrl-C."""

    help = gettext("Run the sandbox bank: the payment channel with faults to order.")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=int, help=gettext("port; default is that of CHANNEL_URL")
        )
        parser.add_argument(
            "--seed", type=int, default=0, help=gettext("seed of the script's shares")
        )
        parser.add_argument("--script", type=Path, help=gettext("JSON file of faults"))
        store = settings.BASE_DIR / ".run" / "sandbox-bank.sqlite3"
        parser.add_argument("--store", type=Path, default=store, help=gettext("SQLite file"))
        parser.add_argument(
            "--json", action="store_true", help=gettext("print the address as JSON")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            server = _server(options)
        except Refused as error:
            raise CommandError(error.in_both_languages(), returncode=2) from error
        self._announce(server, options)
        _serve(server)

    def _announce(self, server: SandboxServer, options: dict[str, Any]) -> None:
        facts = {"url": server.url, "store": str(options["store"])}
        words = _("The sandbox bank answers at {url}; its accounts are in {store}.")
        self.stdout.write(json.dumps(facts) if options["json"] else words.format(**facts))
        self.stdout.flush()


def _server(options: dict[str, Any]) -> SandboxServer:
    """Return the bank, listening."""
    if not settings.CHANNEL_SECRET:
        raise NoSecretError
    file, seed = options["script"], options["seed"]
    script = scripts.load(file, seed=seed) if file else scripts.Script(seed=seed)
    port = _port() if options["port"] is None else options["port"]
    store = _store(options["store"])
    try:
        return SandboxServer(
            port, bank=Bank(store, script), store=store, secret=settings.CHANNEL_SECRET
        )
    except (OSError, OverflowError) as error:
        raise PortTakenError(port=port, problem=error) from error


def _port() -> int:
    """Return the port at which the back office looks for the channel."""
    try:
        return urlsplit(settings.CHANNEL_URL).port or PORT
    except ValueError as error:
        raise PortTakenError(port=settings.CHANNEL_URL, problem=error) from error


def _store(file: Path) -> BankStore:
    try:
        return BankStore(file)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnusableError(file=file, problem=error) from error


def _serve(server: SandboxServer) -> None:
    # SIGTERM ends the bank as Ctrl-C does: after the transaction under way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.closing.set()
    finally:
        server.server_close()
        server.store.close()

"""The sandbox bank as tests use it: a real process that can be killed, and queries on its store."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from backoffice.core.clock import SHANGHAI
from loans.gateways.channel import DebitRequest
from loans.gateways.http_channel import HttpChannel
from loans.gateways.sandbox import SandboxBank

PROJECT = Path(__file__).resolve().parent.parent
SECRET = "secret-of-the-test-bank"
NINE = datetime(2027, 1, 5, 9, tzinfo=SHANGHAI)
# The database is one that does not exist: the bank has none but its own.
ENVIRONMENT = {
    "SECRET_KEY": "test",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    "FIELD_KEYS": "1:" + "A" * 43 + "=",
    "BLIND_KEY": "A" * 43 + "=",
    "SANDBOX": "1",
    "CHANNEL_SECRET": SECRET,
}


def bank_command(*options: str) -> list[str]:
    return [sys.executable, "manage.py", "sandbox_bank", *options]


class BankProcess:
    """One bank with its store in ``folder``; ``rules`` as in docs/sandbox-bank.md."""

    def __init__(self, folder: Path, rules: list[dict[str, Any]] | None = None, seed: int = 0):
        self.store = folder / "bank.sqlite3"
        self.options = ["--store", str(self.store), "--seed", str(seed), "--json"]
        if rules is not None:
            script = folder / "script.json"
            script.write_text(json.dumps({"rules": rules}), encoding="utf-8")
            self.options += ["--script", str(script)]
        self.port = "0"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            bank_command("--port", self.port, *self.options),
            cwd=PROJECT,
            env=os.environ | ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line, f"the bank did not start: exit {self.process.wait()}"
        self.url = json.loads(line)["url"]
        self.port = self.url.rpartition(":")[2]

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=10)
        self.process.stdout.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        if self.process.poll() is None:
            self.stop()

    def channel(self, **options: Any) -> HttpChannel:
        return HttpChannel(self.url, SECRET, **options)

    def fund(self, balances: Mapping[str, int]) -> None:
        with SandboxBank(self.url, SECRET) as sandbox:
            sandbox.fund(balances)

    def confirm(self, prepay_id: str, **facts: Any) -> str:
        """Confirm a payment in WeChat as its customer; return the bank's code."""
        with SandboxBank(self.url, SECRET) as sandbox:
            return sandbox.confirm(prepay_id, **facts)

    def reset(self) -> None:
        with SandboxBank(self.url, SECRET) as sandbox:
            sandbox.reset()

    def query_store(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.store)) as store:
            return store.execute(query, values).fetchall()

    def balance_fen(self, account: str) -> int:
        query = "SELECT balance_fen FROM accounts WHERE account = ?"
        [[balance_fen]] = self.query_store(query, account)
        return balance_fen

    def executed_twice(self) -> list[tuple[Any, ...]]:
        """Return the numbers for which money moved more than once."""
        return self.query_store(
            "SELECT number FROM attempts WHERE executed GROUP BY number HAVING count(*) > 1"
        )

    def taken_fen(self) -> int:
        [[total_fen]] = self.query_store("SELECT total(asked_fen) FROM attempts WHERE executed")
        return int(total_fen)


def ask(number: str, account: str = "rich", amount_fen: int = 500, at: datetime = NINE):
    return DebitRequest(number, account, amount_fen, at)

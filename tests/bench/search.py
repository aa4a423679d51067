"""``make bench ARGS="--only search"``: the staff's search of one customer among a million."""

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import blake2b
from typing import Any, NamedTuple

from django.contrib import admin
from django.db import transaction
from django.test import RequestFactory
from rich.progress import Progress

from accounts.models import AccountClass, BankCard, BankCardState, Customer, CustomerState
from backoffice.core import bulk, workflow
from backoffice.core.crypto import blind
from tests.bench import cpu, databases
from tests.bench.day import NINE
from tests.bench.debit_day import Figure, child

CUSTOMERS = 1_000_000
BATCH = 50_000
TIMES = 200
PAGE = 101  # rows a list reads
_CUSTOMER = ("id", "public_id", "state", "name", "id_number", "id_blind", "phone", "phone_blind",
             "born_on", "registered_at", "origin")  # fmt: skip
_CARD = ("id", "customer", "state", "public_id", "number", "number_blind", "last_four", "bank",
         "phone", "phone_blind", "account", "account_class", "is_default", "check_code", "tries",
         "bound_at")  # fmt: skip
# What is searched for: of one customer in the middle, and of nobody.
_WANTED = CUSTOMERS // 2
TERMS = {
    "id": f"C{_WANTED}",
    "ID number": f"id-{_WANTED}",
    "phone": f"phone-{_WANTED}",
    "card number": f"card-{_WANTED}",
    "nobody": "13000000000",
}


class Searched(NamedTuple):
    """Milliseconds of a search by the clock and of the CPU of both sides, by what is typed."""

    customers: int
    milliseconds: dict[str, Figure]
    cpu_milliseconds: dict[str, Figure]


def measure(*, rounds: int, progress: Progress) -> Searched:
    """Measure the search in rounds; nothing is changed."""
    steps = progress.add_task(f"search, {CUSTOMERS:,} customers", total=1 + rounds)
    database = make()
    progress.advance(steps)
    runs = []
    for _round in range(rounds):
        runs.append(child("search", str(TIMES), database=database))
        progress.advance(steps)
    databases.drop(database)
    names = ("by key", *TERMS)
    return Searched(
        CUSTOMERS,
        {name: Figure.of([run["ms"][name] for run in runs]) for name in names},
        {name: Figure.of([run["cpu_ms"][name] for run in runs]) for name in names},
    )


def make() -> str:
    """Write the customers, each with a card, by COPY; return the name of their database."""
    database = f"{databases.PREFIX}_search"
    with databases.migrated_one(database):
        for start in range(1, CUSTOMERS + 1, BATCH):
            numbers = range(start, start + BATCH)
            with transaction.atomic(), workflow.importing():
                bulk.copy(Customer, _CUSTOMER, _customers(numbers))
                bulk.copy(BankCard, _CARD, _cards(numbers))
    with databases.owner(database) as owner:
        owner.execute("VACUUM ANALYZE")
    return database


def _sealed(model: Any, name: str, value: str) -> Any:
    return model._meta.get_field(name).seal_value(value)


def _index(kind: str, column: str, number: int) -> bytes:
    """Return the blind index of the wanted customer, and for the others one that costs nothing."""
    if number == _WANTED:
        return blind(f"{kind}-{number}", column)
    return blake2b(f"{column}-{number}".encode(), digest_size=16).digest()


def _customers(numbers: range) -> Iterator[tuple[Any, ...]]:
    sealed = [_sealed(Customer, name, "1") for name in ("name", "id_number", "phone")]
    for n in numbers:
        yield (
            n, uuid.UUID(int=n), CustomerState.READY, sealed[0], sealed[1],
            _index("id", "id_number", n), sealed[2], _index("phone", "phone", n),
            date(1990, 1, 1), NINE, f"bench:{n}",
        )  # fmt: skip


def _cards(numbers: range) -> Iterator[tuple[Any, ...]]:
    number, phone = (_sealed(BankCard, name, "1") for name in ("number", "phone"))
    for n in numbers:
        yield (
            n, n, BankCardState.ACTIVE, uuid.UUID(int=n), number, _index("card", "card", n), "0001",
            "bank", phone, _index("phone", "phone", n), f"acct-{n}", AccountClass.I, True, "", 0,
            NINE,
        )  # fmt: skip


def prepared(times: int) -> Callable[[], dict[str, Any]]:
    """Return every search, so many times each, beside the reading of one customer by key."""
    page = admin.site._registry[Customer]
    request = RequestFactory().get("/")

    def searched(term: str) -> list[Any]:
        found, _is_double = page.get_search_results(request, Customer.objects.all(), term)
        return list(found.order_by("-pk")[:PAGE])

    def by_key() -> list[Any]:
        return list(Customer.objects.filter(pk=_WANTED).order_by("-pk")[:PAGE])

    def run() -> dict[str, Any]:
        works: dict[str, Callable[[], list[Any]]] = {"by key": by_key}
        works |= {name: lambda term=term: searched(term) for name, term in TERMS.items()}
        clock, used = {}, {}
        for name, work in works.items():
            assert [one.pk for one in work()] == ([] if name == "nobody" else [_WANTED])
            before = time.perf_counter()
            _done, seconds = cpu.measured(lambda work=work: [work() for _time in range(times)])
            clock[name] = 1000 * (time.perf_counter() - before) / times
            used[name] = 1000 * sum(seconds.values()) / times
        return {"ms": clock, "cpu_ms": used}

    return run

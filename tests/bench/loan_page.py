"""``make bench ARGS="--only loan-page"``: a loan's page with 36 months behind it, and with one."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.test import Client
from django.urls import reverse
from rich.progress import Progress
from rich.table import Table

from accounts.models import Staff
from backoffice.core import clock
from backoffice.core.models import SandboxClock
from loans.contracts.rules.due_dates import months_after
from loans.models import Loan
from tests.bench import cpu, databases
from tests.bench.debit_day import Figure, child
from tests.loans.conftest import FakeChannel, loan_maker, moment
from tests.loans.reporting.history import DRAWN_ON, LONG, live

TIMES = 40


class LoanPages(NamedTuple):
    """Milliseconds of processor time of both pages, and their ratio."""

    months: int
    short: Figure
    long: Figure
    ratio: Figure


def measure(*, rounds: int, progress: Progress) -> LoanPages:
    """Read both pages in rounds, each in a process of its own; nothing is changed."""
    steps = progress.add_task("loan page", total=1 + rounds)
    database = f"{databases.PREFIX}_loan_page"
    with databases.migrated_one(database):
        make_loan, channel = loan_maker(), FakeChannel()
        for months in (1, LONG):
            live(make_loan, channel, months)
        Staff.objects.create_superuser("auditor")
        SandboxClock.objects.update(ahead=moment(months_after(DRAWN_ON, LONG)) - clock.wall())
    progress.advance(steps)
    runs = []
    for _round in range(rounds):
        runs.append(child("loan_page", str(TIMES), database=database))
        progress.advance(steps)
    databases.drop(database)
    return LoanPages(
        LONG,
        Figure.of([run["short"] for run in runs]),
        Figure.of([run["long"] for run in runs]),
        Figure.of([run["long"] / run["short"] for run in runs]),
    )


def prepared(times: int) -> Callable[[], dict[str, Any]]:
    """Return the reading of both pages, so many times each, in milliseconds of processor time."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(Staff.objects.get(username="auditor"))
    short, long = Loan.objects.order_by("pk")

    def read(loan: Loan) -> None:
        page = client.get(reverse("admin:loans_loan_change", args=[loan.pk]))
        assert page.status_code == 200

    def run() -> dict[str, Any]:
        found = {}
        for name, loan in (("short", short), ("long", long)):
            read(loan)
            _done, seconds = cpu.measured(lambda one=loan: [read(one) for _time in range(times)])
            found[name] = 1000 * sum(seconds.values()) / times
        return found

    return run


def table(measured: LoanPages) -> Table:
    """Return the figures as a table."""
    found = Table(title=f"贷款页面 / a loan's page, {measured.months} months")
    for column in ("", "CPU ms"):
        found.add_column(column)
    for name, figure in (("1 month", measured.short), ("long", measured.long)):
        found.add_row(name, f"{figure.median:.1f} ({figure.least:.1f} - {figure.most:.1f})")
    ratio = measured.ratio
    found.add_row("ratio", f"{ratio.median:.2f} ({ratio.least:.2f} - {ratio.most:.2f})")
    return found

"""``make bench ARGS="--only reconcile"``: every check over a portfolio after one business day."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any, NamedTuple

from django.db.models import F
from rich.progress import Progress

from backoffice.core import clock
from loans.accounting.rules.reasons import LoanActor
from loans.collection.queries import due
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import StatementLine
from loans.migration.operations.generating import DUE_SHARE_PPM
from loans.models import Repayment
from loans.reconciliation.operations import reconcile
from tests.bench import cpu, databases, portfolios, product
from tests.bench.day import ON
from tests.bench.debit_day import Figure, child
from tests.bench.fixed_channel import FixedChannel

AFTER = ON + timedelta(days=1)


class Reconciled(NamedTuple):
    """Seconds of the whole reconciliation: by the clock, and of the CPU on either side."""

    loans: int
    seconds: dict[str, Figure]


class StatedChannel(FixedChannel):
    """States what was repaid, as read before the clock was started."""

    def __init__(self) -> None:
        orders = Repayment.objects.filter(value_on=ON).annotate(number=F("order__number"))
        self._lines = [
            StatementLine(number, "", amount_fen, clock.moment_of(ON, time(9)))
            for number, amount_fen in orders.values_list("number", "amount_fen")
        ]

    def statement(self, on: date) -> Iterator[StatementLine]:
        """State the one day."""
        return iter(self._lines if on == ON else [])


def measure(loans: int, *, rounds: int, progress: Progress) -> Reconciled:
    """Measure one size of portfolio; nothing is changed, so every round reads the same one."""
    steps = progress.add_task(f"reconcile, {loans:,} loans", total=2 + rounds)
    portfolio = portfolios.make(loans, due_share_ppm=DUE_SHARE_PPM)
    progress.advance(steps)
    child("day", database=portfolio)
    with databases.owner(portfolio) as owner:
        owner.execute("VACUUM ANALYZE")
    progress.advance(steps)
    runs = []
    for _round in range(rounds):
        runs.append(child("reconcile", database=portfolio))
        progress.advance(steps)
    databases.drop(portfolio)
    names = ("seconds", "client", "server")
    figures = {name: Figure.of([run[name] for run in runs]) for name in names}
    figures["cpu"] = Figure.of([run["client"] + run["server"] for run in runs])
    return Reconciled(loans, figures)


def live_a_day() -> dict[str, int]:
    """Debit what is due, close the day and post its night."""
    done = product.run()
    early = clock.moment_of(AFTER, time(0, 30))
    end_of_day.close(due.to_close(on=AFTER), by=LoanActor.END_OF_DAY, on=AFTER, at=early)
    end_of_day.accrue_night(on=AFTER, at=early)
    return done


def prepared() -> Any:
    """Return the reconciliation of that day."""
    channel = StatedChannel()

    def run() -> dict[str, float]:
        found, seconds = cpu.measured(lambda: reconcile(days=[ON], on=AFTER, channel=channel))
        assert found == [], found[:3]
        return seconds

    return run

"""The portfolios that are measured: generated once, then only copied."""

from collections.abc import Mapping

from backoffice.core import partitions
from loans.migration.operations.generating import generate
from tests.bench import databases
from tests.bench.day import EARLIER, FIRST_MONTH, ON


class NoBank:
    """Takes every balance: the channel's answers are given."""

    def fund(self, balances: Mapping[str, int]) -> None:
        """Do nothing."""


def name_of(loans: int, due_share_ppm: int) -> str:
    """Return the database of a portfolio."""
    return f"{databases.PREFIX}_{loans}_{due_share_ppm}"


def make(loans: int, *, due_share_ppm: int) -> str:
    """Generate a portfolio in a database of its own; return its name.

    It is vacuumed and analysed, as a portfolio is that has stood for a night.
    """
    database = name_of(loans, due_share_ppm)
    with databases.migrated_one(database):
        # Its days may lie before the months that migrating makes.
        partitions.add_months(on=FIRST_MONTH, using="owner")
        generate(loans, bank=NoBank(), on=ON, at=EARLIER, due_share_ppm=due_share_ppm, seed=1)
    with databases.owner(database) as owner:
        owner.execute("VACUUM ANALYZE")
        owner.execute("CHECKPOINT")
    return database

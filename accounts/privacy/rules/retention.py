"""How long each class of data is kept, and when it goes (LAW-18, LAW-19)."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from accounts.onboarding.rules.ages import birthday


class DataClass(StrEnum):
    """Classes of data, by the law that says how long they are kept."""

    FACE = "face"
    LOG = "log"
    IDENTITY = "identity"
    TRANSACTION = "transaction"


class Period(NamedTuple):
    """How long after its end something is kept: whole years, then days."""

    years: int = 0
    days: int = 0


def periods(*, face_days: int, log_days: int, kyc_years: int) -> dict[DataClass, Period]:
    """Return the period of each class by the product's numbers.

    Faces run from the recording, logs from their writing, identities and transactions from the end
    of the relation.
    """
    return {
        DataClass.FACE: Period(days=face_days),
        DataClass.LOG: Period(days=log_days),
        DataClass.IDENTITY: Period(years=kyc_years),
        DataClass.TRANSACTION: Period(years=kyc_years),
    }


def erase_after(period: Period, ended_on: date) -> date:
    """Return the last day on which something is still kept; it may go on the day after.

    Years that end on 29 February end on 1 March in common years: kept a day longer, never shorter.
    """
    return birthday(ended_on, period.years) + timedelta(days=period.days)


def due_through(period: Period, on: date) -> date:
    """Return the last day of ending whose data are to be erased on a day.

    It is the inverse of ``erase_after``: what ended on it, or before, has been kept long enough.
    """
    ended_on = birthday(on, -period.years) - timedelta(days=period.days)
    while on <= erase_after(period, ended_on):
        ended_on -= timedelta(days=1)
    return ended_on


def is_due(period: Period, ended_on: date | None, on: date, *, is_held: bool) -> bool:
    """Say whether something is to be erased: its relation ended, its period over, no legal hold."""
    return ended_on is not None and not is_held and on > erase_after(period, ended_on)

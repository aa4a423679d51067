"""The terms of a contract in words, each with its unit."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.money import yuan
from backoffice.web.wording import percent
from loans.policy import PENALTY_OF_CONTRACT

PPM_PER_PERMILLE = 1000


def _a_day(ppm: int) -> str:
    return gettext("{share} a day").format(share=percent(ppm))


def _a_year(ppm: int) -> str:
    return gettext("{share} a year").format(share=percent(ppm))


def _of_the_unpaid(ppm: int) -> str:
    return gettext("{share} of the unpaid amount, once").format(share=percent(ppm))


def _of_the_principal(ppm: int) -> str:
    return gettext("{share} of the whole principal").format(share=percent(ppm))


def _of_the_prepaid(ppm: int) -> str:
    return gettext("{share} of the prepaid principal").format(share=percent(ppm))


def _of_the_bill(permille: int) -> str:
    return gettext("{share} of the bill").format(share=percent(permille * PPM_PER_PERMILLE))


def _penalty_mode(mode: str) -> str:
    return (
        gettext("the contract's rate")
        if mode == PENALTY_OF_CONTRACT
        else gettext("a rate of its own")
    )


def _times_the_rate(permille: int) -> str:
    return gettext("{factor} times the daily rate").format(factor=f"{permille / 1000:g}")


def _yuan(fen: int) -> str:
    return gettext("{amount} yuan").format(amount=yuan(fen))


def _days(count: int) -> str:
    return ngettext("{count} day", "{count} days", count).format(count=count)


def _attempts(count: int) -> str:
    return ngettext("{count} attempt", "{count} attempts", count).format(count=count)


def _times(count: int) -> str:
    return ngettext("{count} time", "{count} times", count).format(count=count)


class TermLabel(NamedTuple):
    """The words of a number of ``LoanTerms``, and how its value is written with its unit."""

    title: Any
    write: Callable[[Any], str]


TERMS: dict[str, TermLabel] = {
    "daily_rate_min_ppm": TermLabel(_("lowest daily rate"), _a_day),
    "daily_rate_max_ppm": TermLabel(_("highest daily rate"), _a_day),
    "migrated_daily_rate_ppm": TermLabel(_("daily rate of migrated loans"), _a_day),
    "revolve_factor_permille": TermLabel(
        _("interest on the balance after a minimum payment"), _times_the_rate
    ),
    "penalty_mode": TermLabel(_("penalty interest follows"), _penalty_mode),
    "penalty_ppm": TermLabel(_("penalty interest on overdue principal"), _a_day),
    "penalty_factor_permille": TermLabel(
        _("penalty interest by the contract's rate"), _times_the_rate
    ),
    "cap_annual_ppm": TermLabel(_("cap on all charges"), _a_year),
    "cap_year_days": TermLabel(_("days in the year of the cap"), _days),
    "late_fee_ppm": TermLabel(_("late fee"), _of_the_unpaid),
    "minimum_permille": TermLabel(_("minimum payment"), _of_the_bill),
    "minimum_floor_fen": TermLabel(_("smaller bills are paid in full"), _yuan),
    "minimum_months_max": TermLabel(_("minimum payments before a bill is due in full"), _times),
    "bill_lead_days": TermLabel(_("bills are issued before the due date by"), _days),
    "tolerance_fen": TermLabel(_("largest balance carried to the next bill"), _yuan),
    "grace_days": TermLabel(_("grace after the due date"), _days),
    "classified_latest_days": TermLabel(
        _("latest overdue classification after the due date"), _days
    ),
    "debit_attempts_max": TermLabel(_("failed debits before overdue"), _attempts),
    "second_window_days": TermLabel(_("second round of debits after the due date"), _days),
    "recovery_wait_days": TermLabel(_("notice before debits of an overdue bill"), _days),
    "recovery_every_days": TermLabel(_("interval of debits of an overdue bill"), _days),
    "recovery_until_days": TermLabel(_("debits of an overdue bill end after"), _days),
    "first_due_nights_min": TermLabel(
        _("first due date after the drawdown at the earliest"), _days
    ),
    "plan_3_fee_ppm": TermLabel(_("fee of a plan of 3 instalments"), _of_the_principal),
    "plan_6_fee_ppm": TermLabel(_("fee of a plan of 6 instalments"), _of_the_principal),
    "plan_12_fee_ppm": TermLabel(_("fee of a plan of 12 instalments"), _of_the_principal),
    "prepayment_fee_ppm": TermLabel(_("prepayment fee"), _of_the_prepaid),
    "prepayment_fee_min_fen": TermLabel(_("prepayment fee at least"), _yuan),
    "prepayment_min_fen": TermLabel(_("smallest prepayment of a bullet"), _yuan),
    "acceleration_after_days": TermLabel(
        _("later instalments may be called due when past due for more than"), _days
    ),
}


def penalty_in_words(numbers: Mapping[str, Any]) -> str:
    """Return what penalty interest a contract names, by its mode (RATE-5, LAW-5)."""
    by_contract = numbers.get("penalty_mode") == PENALTY_OF_CONTRACT
    name = "penalty_factor_permille" if by_contract else "penalty_ppm"
    return TERMS[name].write(numbers.get(name, 0))


def in_words(numbers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the stored numbers of a contract as words and values with units, in their order."""
    known = [
        (str(label.title), label.write(numbers[name]))
        for name, label in TERMS.items()
        if name in numbers
    ]
    return known + [(name, str(value)) for name, value in numbers.items() if name not in TERMS]

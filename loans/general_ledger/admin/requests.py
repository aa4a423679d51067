"""What a request to close a month shows to the person who decides it."""

from collections.abc import Iterator

from django.utils.translation import gettext

from backoffice.core.models import Approval
from backoffice.core.money import yuan
from backoffice.platform.approvals import ValueChange
from loans.general_ledger.queries.exports import title_of
from loans.general_ledger.rules.chart import IN_ORDER


def differences(approval: Approval) -> list[ValueChange]:
    """Return what the month would be closed with: its transfers, and each account's balance."""
    return list(_differences(approval))


def _differences(approval: Approval) -> Iterator[ValueChange]:
    facts = approval.payload
    yield ValueChange(gettext("month"), "", facts["month"])
    yield ValueChange(gettext("transfers"), "", str(facts["transfers"]))
    yield ValueChange(gettext("debits = credits"), "", yuan(facts["moved_fen"]), gettext("yuan"))
    for account in IN_ORDER:
        closing = yuan(facts["closing_fen"][account.code])
        yield ValueChange(
            f"{account.number} {title_of(account.code)}", "", closing, gettext("yuan")
        )

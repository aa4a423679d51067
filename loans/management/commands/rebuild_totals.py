"""Throw the totals of the ledger away and add them up from every transfer."""

from typing import Any

from django.utils.translation import gettext as _

from backoffice.core import clock
from backoffice.management.base import SystemCommand
from loans.accounting.operations import checkpoints
from loans.accounting.rules.reasons import LoanActor


class Command(SystemCommand):
    """Exit code 0: nothing depends on the totals, and without them reading only takes longer."""

    help = "Add up the totals of the ledger again from every transfer."

    def perform(self, **options: Any) -> dict[str, Any]:
        on, at = clock.business_date(), clock.now()
        return {"through": checkpoints.rebuild(by=LoanActor.RECONCILIATION, on=on, at=at)}

    def show(self, result: dict[str, Any]) -> None:
        through = result["through"]
        self.stdout.write(_("The totals go up to transfer {through}.").format(through=through))

"""Loans, bills, direct debits and the ledger."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoansConfig(AppConfig):
    """The app of money: registers its policy and its slots of the business day."""

    name = "loans"
    verbose_name = _("Loans")

    def ready(self) -> None:
        """Register the policy and the slots."""
        from backoffice import jobs, policy
        from loans.policy import LoanPolicy
        from loans.tasks import SLOTS

        policy.register("loans", LoanPolicy)
        for slot in SLOTS:
            jobs.register(slot)

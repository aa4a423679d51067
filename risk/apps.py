"""Credit lines and conduct."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RiskConfig(AppConfig):
    """The app of limits: registers its policy, and what it holds of a customer."""

    name = "risk"
    verbose_name = _("Risk")

    def ready(self) -> None:
        """Register the policy, the sections of an export, and what concerns one who leaves."""
        from accounts.privacy.operations import deletions
        from accounts.privacy.operations import exports as copies
        from backoffice.core import policy
        from risk import account_closure
        from risk.lines import export as exports
        from risk.policy import RiskPolicy

        policy.register("risk", RiskPolicy)
        copies.register(exports.SECTIONS)
        deletions.register(blocker=account_closure.obstacle, end=account_closure.end)

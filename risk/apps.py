"""Credit lines and conduct."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RiskConfig(AppConfig):
    """The app of limits: registers its policy, and what it holds of a customer."""

    name = "risk"
    verbose_name = _("Risk")

    def ready(self) -> None:
        """Register the policy, the sections of an export, and what concerns one who leaves."""
        from accounts.operations import deletions
        from accounts.operations import exports as copies
        from backoffice import policy
        from risk.operations import exports, leaving
        from risk.policy import RiskPolicy

        policy.register("risk", RiskPolicy)
        copies.register(exports.SECTIONS)
        deletions.register(obstacle=leaving.obstacle, end=leaving.end)

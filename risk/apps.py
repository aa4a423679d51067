"""Credit lines and conduct."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RiskConfig(AppConfig):
    """The app of limits: registers its policy."""

    name = "risk"
    verbose_name = _("Risk")

    def ready(self) -> None:
        """Register the policy."""
        from backoffice import policy
        from risk.policy import RiskPolicy

        policy.register("risk", RiskPolicy)

"""Credit lines and conduct."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RiskConfig(AppConfig):
    """The app of limits."""

    name = "risk"
    verbose_name = _("Risk")

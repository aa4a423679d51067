"""The credit bureau that the settings name."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from risk.gateways.bureau import CreditBureau
from risk.gateways.sandbox import SandboxBureau


def credit_bureau() -> CreditBureau:
    """Return the bureau; in a sandbox, the sandbox's.

    Raises:
        ImproperlyConfigured: this is no sandbox, and no adapter of a real bureau is installed.
    """
    if not settings.SANDBOX:
        raise ImproperlyConfigured(
            "No credit bureau is connected: write an adapter of risk.gateways.bureau.CreditBureau "
            "and return it in risk/gateways/from_settings.py"
        )
    return SandboxBureau()

"""The channel that the settings name."""

from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from loans.gateways.channel import Channel
from loans.gateways.http_channel import HttpChannel


@lru_cache(maxsize=1)
def debit_channel() -> Channel:
    """Return the direct-debit channel of this process; its connection is kept open."""
    for name in ("CHANNEL_URL", "CHANNEL_SECRET"):
        if not getattr(settings, name):
            raise ImproperlyConfigured(
                f"{name} is not set: name the direct-debit channel, e.g. "
                "CHANNEL_URL=http://127.0.0.1:8100 for the sandbox bank."
            )
    return HttpChannel(settings.CHANNEL_URL, settings.CHANNEL_SECRET)

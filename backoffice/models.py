"""The models of ``backoffice.core``, where Django looks for them."""

from backoffice.core.models import *  # noqa: F403

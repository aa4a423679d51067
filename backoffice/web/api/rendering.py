"""Rendering of replies: JSON, with moments in Asia/Shanghai and their offset."""

from datetime import datetime
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from backoffice.core.clock import SHANGHAI


class Encoder(JSONEncoder):
    """Encodes a moment in Asia/Shanghai."""

    def default(self, obj: Any) -> Any:
        """Return the JSON value of a type that JSON does not have."""
        if isinstance(obj, datetime):
            return obj.astimezone(SHANGHAI).isoformat()
        return super().default(obj)


class Renderer(JSONRenderer):
    """The JSON renderer of every endpoint."""

    encoder_class = Encoder

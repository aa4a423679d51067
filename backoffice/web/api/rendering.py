"""How replies are written: JSON, and moments in the time of the product with their offset."""

import json
from datetime import datetime
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from backoffice.core.clock import SHANGHAI


class Encoder(JSONEncoder):
    """Writes a moment as it is in Shanghai, whatever zone it was read in."""

    def default(self, obj: Any) -> Any:
        """Return what JSON has for a value that it does not know."""
        if isinstance(obj, datetime):
            return obj.astimezone(SHANGHAI).isoformat()
        return super().default(obj)


class Renderer(JSONRenderer):
    """JSON as every endpoint answers it."""

    encoder_class = Encoder


def plain(data: Any) -> Any:
    """Return a reply as its reader sees it: nothing but texts, numbers, lists and objects."""
    return json.loads(json.dumps(data, cls=Encoder))

"""The web process; it keeps its connections to the database in a pool."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from backoffice.core.pool import POOL

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

_options: dict[str, object] = settings.DATABASES["default"]["OPTIONS"]  # type: ignore[assignment]
# From the second time on a connection runs a statement of ``backoffice.core.prepared``.
_options |= {"pool": POOL, "prepare_threshold": 1}
application = get_wsgi_application()

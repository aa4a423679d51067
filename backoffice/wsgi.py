"""The web process; it keeps its connections to the database in a pool."""

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

# A connection costs more than most requests. Workers have none between two tasks.
POOL = {"min_size": 1, "max_size": 16, "timeout": 5}

_database: dict[str, Any] = settings.DATABASES["default"]
# One that the database has ended while it was idle is replaced before a request gets it.
_database["CONN_HEALTH_CHECKS"] = True
# From the second time on a connection runs a statement of ``backoffice.core.prepared``.
_database["OPTIONS"] |= {"pool": POOL, "prepare_threshold": 1}
application = get_wsgi_application()

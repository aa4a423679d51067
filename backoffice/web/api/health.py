"""Health checks of the web process: liveness and readiness."""

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from backoffice.core import clock, partitions
from backoffice.core.errors import Refused


def livez(_request: HttpRequest) -> HttpResponse:
    """Return 200 while the process runs."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(_request: HttpRequest) -> JsonResponse:
    """Return 200 when requests can be served, else 503 with the failing part.

    ``warnings`` name what somebody must look at although requests are served.
    """
    failing = {name: why for name, why in (("database", _database()),) if why}
    warnings = [] if failing else partitions.warnings(on=clock.business_date())
    return JsonResponse(
        {"ready": not failing, "failing": failing, "warnings": warnings},
        status=503 if failing else 200,
    )


def _database() -> str:
    """Return the error of the database, or an empty text."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if settings.SANDBOX:
            clock.offset()
    except (Error, Refused) as error:
        return str(error)
    return ""

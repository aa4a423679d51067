"""What machines ask of the web process: is it alive, is it ready."""

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from backoffice.core import clock
from backoffice.core.errors import Refused


def livez(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process does."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when requests can be served, else 503 naming the failing part."""
    failing = {name: why for name, why in (("database", _database()),) if why}
    return JsonResponse({"ready": not failing, "failing": failing}, status=503 if failing else 200)


def _database() -> str:
    """Return why the database cannot be used, or nothing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if settings.SANDBOX:
            clock.offset()
    except (Error, Refused) as error:
        return str(error)
    return ""

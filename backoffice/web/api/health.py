"""Health checks of the web process: liveness and readiness.

They are plain views: a load balancer accepts any content type, and no database is needed to answer.
"""

from copy import deepcopy
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from backoffice.core import clock, partitions
from backoffice.core.errors import Refused


@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """Return 200 while the process runs."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
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


def add_operations(result: dict[str, Any], **_given: Any) -> dict[str, Any]:
    """Add the health checks to the description of the endpoints."""
    result["paths"] |= deepcopy(_PATHS)
    result["components"]["schemas"]["Readiness"] = _READINESS
    return result


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


def _operation(name: str, summary: str, description: str, responses: dict[str, Any]) -> Any:
    request_id = {"description": "The id of the request.", "schema": {"type": "string"}}
    for response in responses.values():
        response["headers"] = {"X-Request-ID": request_id}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "description": description,
            "tags": ["health"],
            "security": [{}],
            "responses": responses,
        }
    }


def _report(description: str, *, failing: dict[str, str], warnings: list[str]) -> dict[str, Any]:
    example = {"ready": not failing, "failing": failing, "warnings": warnings}
    schema = {"$ref": "#/components/schemas/Readiness"}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"description": description, "content": content}


_READINESS = {
    "type": "object",
    "description": "Whether requests can be served.",
    "required": ["ready", "failing", "warnings"],
    "properties": {
        "ready": {"type": "boolean"},
        "failing": {
            "type": "object",
            "description": "The error of each part that fails, by the name of the part.",
            "properties": {"database": {"type": "string"}},
            "additionalProperties": False,
        },
        "warnings": {
            "type": "array",
            "description": "What the staff must do although requests are served.",
            "items": {"type": "string"},
        },
    },
}
_PATHS = {
    "/livez": _operation(
        "livez",
        "Is the process alive",
        "Answers while the process runs, also without a database; for restarts.",
        {
            "200": {
                "description": "The process runs.",
                "content": {"text/plain": {"schema": {"type": "string"}, "example": "ok\n"}},
            }
        },
    ),
    "/readyz": _operation(
        "readyz",
        "Can requests be served",
        "Names the part that fails; for load balancers. No token is needed.",
        {
            "200": _report(
                "Requests are served; `warnings` may name something to do.",
                failing={},
                warnings=["loans_charge: partitions for 2 months are left: run manage.py migrate"],
            ),
            "503": _report(
                "Send no requests: `failing` names the part (`database`).",
                failing={"database": "connection refused"},
                warnings=[],
            ),
        },
    ),
}

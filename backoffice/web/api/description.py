"""The description of the endpoints (OpenAPI): replies, refusals with their codes, headers.

An endpoint states with ``describe`` what it alone knows: a summary, its replies, the refusals of
its command. What holds for every endpoint of a kind is added here: the login, the body, the
idempotency key, pages, the request id.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from django.utils.translation import override
from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_basic_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from backoffice.core.errors import Refused, without_facts
from backoffice.platform import idempotency
from backoffice.web.api import examples, paging, problems
from backoffice.web.api.endpoint import KEY, REPLAYED, KeyMissingError
from backoffice.web.api.fields import HIDDEN

Method = TypeVar("Method", bound=Callable[..., Any])
Json = dict[str, Any]

# An operation without a body refuses one that is sent all the same.
_OF_EVERY = (
    problems.BadRequestError,
    problems.NotAcceptableError,
    problems.BusyError,
    problems.DatabaseLostError,
    problems.InternalError,
    problems.BadInputError,
    problems.MalformedError,
    problems.TooBigError,
)
_OF_KEY = (idempotency.BadKeyError, idempotency.InProgressError, idempotency.KeyReusedError)
# White space as Python cuts it off; \s means less in other languages.
_SPACE = r"\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


def describe(
    summary: str,
    *,
    replies: Mapping[Any, Any],
    body: Any = None,
    refusals: Sequence[type[Refused]] = (),
    parameters: Sequence[OpenApiParameter] = (),
    pages: bool = False,
    operation_id: str | None = None,
) -> Callable[[Method], Method]:
    """Describe a method: its summary, its replies by status, and the refusals of its command.

    With ``pages`` the reply is a page of its serializer. ``operation_id`` names the operation where
    the list and one of its records would have the same name.
    """

    def wrap(method: Method) -> Method:
        given = {status: page_of(one) if pages else one for status, one in replies.items()}
        described: Any = extend_schema(
            summary=summary, request=body, responses=given, parameters=list(parameters),
            operation_id=operation_id,
        )(method)  # fmt: skip
        described.refusals = tuple(refusals)
        described.is_paged = pages
        described.has_body = body is not None
        in_query = [one.name for one in parameters if one.location == OpenApiParameter.QUERY]
        described.query_names = frozenset(in_query + (["limit", "cursor"] if pages else []))
        return cast("Method", described)

    return wrap


def page_of(row: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return the serializer of a page of rows."""
    name = row.__name__.removesuffix("Reply")
    fields = {
        "__doc__": f"A page: {row.__doc__}",
        "next": serializers.CharField(allow_null=True, help_text="Address of the next page."),
        "previous": serializers.CharField(allow_null=True, help_text="Address of the page before."),
        "results": row(many=True),
    }
    return type(f"{name}Page", (serializers.Serializer,), fields)


class Description(AutoSchema):
    """The description of one operation."""

    def get_tags(self) -> list[str]:
        """Return the subject: the part of the address after api/v1/me/, or the first one."""
        parts = self.path.removeprefix("/api/v1").strip("/").split("/")
        return [parts[1] if parts[0] == "me" and len(parts) > 1 else parts[0]]

    def get_operation(self, *args: Any, **kwargs: Any) -> Json | None:
        """Return the operation with its refusals, headers and paging parameters."""
        operation: Json | None = super().get_operation(*args, **kwargs)
        if operation is None or not hasattr(self._method, "refusals"):
            return operation
        self._add_parameters(operation)
        for status, response in _problems(self._refusals(operation)).items():
            assert status not in operation["responses"], (self.path, status)
            operation["responses"][status] = response
        for status, response in operation["responses"].items():
            response.setdefault("headers", {}).update(self._headers(status))
        return operation

    @property
    def _method(self) -> Any:
        return getattr(self.view, self.method.lower(), None)

    @property
    def _key(self) -> Any:
        return getattr(self._method, "idempotency_key", None)

    def _refusals(self, operation: Json) -> list[type[Refused]]:
        method, view = self._method, self.view
        found = [*_OF_EVERY, *method.refusals, *getattr(view, "refusals_of", _none)(self.method)]
        if "requestBody" in operation:
            found.append(problems.MediaTypeError)
        if any(one["in"] == "path" for one in operation["parameters"]):
            found.append(problems.NotFoundError)
        if self._key is not None:
            found += _OF_KEY
            found += [KeyMissingError] if self._key.is_required else []
        return found

    def _add_parameters(self, operation: Json) -> None:
        parameters = operation.setdefault("parameters", [])
        parameters += [_LANGUAGE, _REQUEST_ID]
        if self._key is not None:
            parameters.append({**_KEY, "required": self._key.is_required})
        if self._method.is_paged:
            parameters += _PAGING

    def _headers(self, status: str) -> Json:
        headers = {"X-Request-ID": _header("The id of the request, for customer support.")}
        if status in ("429", "503"):
            headers["Retry-After"] = _header("Seconds after which to send the request again.")
        if status == "401":
            headers["WWW-Authenticate"] = _header("How to authenticate.")
        if self._key is not None and status[0] in "24":
            words = "true where the reply is that to an earlier request with this key."
            headers[REPLAYED] = {"description": words, "schema": {"type": "string"}}
        return headers


def _none(_method: str) -> tuple[type[Refused], ...]:
    return ()


def _header(description: str) -> Json:
    return {"description": description, "schema": {"type": "string"}}


def _parameter(name: str, where: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": where, "description": description, "schema": schema}


_LANGUAGE = _parameter(
    "Accept-Language",
    "header",
    "The language of titles and details: zh-hans or en.",
    {"type": "string"},
)
_REQUEST_ID = _parameter(
    "X-Request-ID",
    "header",
    "An id of the client's own; one that is not of this form is replaced.",
    {"type": "string"},
)
_KEY = _parameter(
    KEY,
    "header",
    "New for each request, such as a UUID: the same key and body get the same reply.",
    {"type": "string", "pattern": f"^{idempotency.KEY_PATTERN}$"},
)
_PAGING = [
    _parameter(
        "limit",
        "query",
        "The most rows of the page.",
        {"type": "integer", "minimum": 1, "maximum": paging.LIMIT_MAX, "default": paging.LIMIT},
    ),
    _parameter(
        "cursor",
        "query",
        "Where the page begins: taken from next or previous of another page.",
        {"type": "integer", "minimum": 0, "maximum": 10**paging.CURSOR_DIGITS_MAX - 1},
    ),
]


def _problems(refusals: Iterable[type[Refused]]) -> Json:
    """Return the replies of refusals by status, each code with its message and an example."""
    by_status: dict[int, dict[str, type[Refused]]] = defaultdict(dict)
    for refusal in refusals:
        by_status[int(refusal.status)][refusal.code] = refusal
    return {
        str(status): _problem(status, by_status[status]) for status in sorted(by_status)
    }  # fmt: skip


def _problem(status: int, codes: Mapping[str, type[Refused]]) -> Json:
    narrowed = {"code": {"enum": sorted(codes)}, "status": {"enum": [status]}}
    examples = {
        code: {"summary": _title(one), "value": _document(one)} for code, one in codes.items()
    }
    return {
        "description": "\n".join(
            f"- [`{code}`]({problems.type_of(code)}): {_title(one)}" for code, one in codes.items()
        ),
        "content": {
            problems.CONTENT_TYPE: {
                "schema": {"allOf": [_ref("Problem"), {"properties": narrowed}]},
                "examples": examples,
            }
        },
    }


def _title(refusal: type[Refused]) -> str:
    with override("en"):
        return without_facts(refusal.message)


def _document(refusal: type[Refused]) -> Json:
    with override("en"):
        remedy = without_facts(refusal.remedy)
    found = {
        "type": problems.type_of(refusal.code),
        "title": _title(refusal),
        "status": int(refusal.status),
        "detail": f"{_title(refusal)} {remedy}".strip(),
        "code": refusal.code,
        "request_id": examples.REQUEST_ID,
    }
    return found | ({"next_steps": problems.next_steps(refusal)} if refusal.calls else {})


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT = {"type": "string"}
PROBLEM: Json = {
    "type": "object",
    "description": "A refusal (RFC 9457); further fields are facts of its code.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "pattern": f"^{problems.CATALOGUE}[a-z0-9-]+$"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": {"type": "string", "pattern": "^[a-z0-9-]+$"},
        "request_id": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {"pointer": _TEXT, "code": _TEXT, "detail": _TEXT},
            },
        },
        "next_steps": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["step", "state", "method", "endpoint"],
                "properties": {
                    "step": _TEXT,
                    "state": _TEXT,
                    "method": {"type": ["string", "null"]},
                    "endpoint": {"type": ["string", "null"]},
                },
            },
        },
        "available_at": {"type": "string", "format": "date-time"},
        "available_on": {"type": "string", "format": "date"},
    },
}


class BodySchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A body of a request: no undeclared field, and the rules between its fields."""

    target_class = "backoffice.web.api.fields.Body"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> Json:
        """Return the schema of a body."""
        schema: Json = auto_schema._map_serializer(  # noqa: SLF001 (it has no other name)
            self.target, direction, bypass_extensions=True
        )
        return {**schema, "additionalProperties": False, **getattr(self.target, "rules", {})}


class WholeSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A whole number, which JSON may also write with a decimal point; here it may not."""

    target_class = "backoffice.web.api.fields.Whole"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Json:
        """Return the schema of a whole number."""
        schema: Json = {"type": "integer", "description": "Without a decimal point: not 1.0."}
        bounds = {"minimum": self.target.min_value, "maximum": self.target.max_value}
        return schema | {name: value for name, value in bounds.items() if value is not None}


class TextSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A text: its length, and what is left when the spaces around it are cut off."""

    target_class = "backoffice.web.api.fields.Text"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Json:
        """Return the schema of a text."""
        field: Any = self.target
        schema = build_basic_type(OpenApiTypes.STR) or {}
        shortest = field.min_length or 1
        schema["minLength"] = shortest
        if field.max_length is not None:
            schema["maxLength"] = field.max_length
        schema["pattern"] = _pattern(shortest) if field.trim_whitespace else f"^{_SHOWN}*$"
        return schema


_SHOWN = rf"[^\x00{HIDDEN}]"


def _pattern(shortest: int) -> str:
    inner, edge = _SHOWN, rf"[^\x00{HIDDEN}{_SPACE}]"
    if shortest == 1:
        return f"^{inner}*{edge}{inner}*$"
    return f"^{inner}*{edge}{inner}{{{shortest - 2},}}{edge}{inner}*$"


def add_components(result: Json, **_given: Any) -> Json:
    """Add the schema of refusals."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    return result

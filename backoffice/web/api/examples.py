"""Examples of requests and replies in the description of the endpoints, made from their schemas."""

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

REQUEST_ID = "0f3a5c1e9b7d4a26"
# Values by the name of their field; other fields follow their type and format.
_values: dict[str, Any] = {"next": None, "previous": None, "request_id": REQUEST_ID}
_BY_FORMAT: dict[str, Any] = {
    "date": "2026-11-24",
    "date-time": "2026-11-24T15:00:00+08:00",
    "uuid": "0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b",
}
_BY_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "boolean": True, "number": 1}


def register(values: Mapping[str, Any]) -> None:
    """Let an app give values by the names of its fields."""
    _values.update(values)


def add(result: Json, **_given: Any) -> Json:
    """Give each request and each reply of a description an example."""
    schemas = result["components"]["schemas"]
    for operation in _operations(result):
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for media in part.get("content", {}).values():
                if "examples" not in media:
                    media.setdefault("example", of(media["schema"], schemas))
    return result


def _operations(result: Json) -> Iterable[Json]:
    for path in result["paths"].values():
        yield from path.values()


def _may_be_null(schema: Json) -> bool:
    """Say whether a schema allows null; fields of one name can differ in that."""
    kinds = [one.get("type") for one in schema.get("oneOf", ())] + [schema.get("type")]
    return any("null" in kind if isinstance(kind, list) else kind == "null" for kind in kinds)


def of(schema: Json, schemas: Json, name: str = "") -> Any:
    """Return an example that fits a schema; ``name`` is that of the field."""
    if "$ref" in schema:
        return of(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, name)
    if name in _values and (_values[name] is not None or _may_be_null(schema)):
        return _values[name]
    for combined in ("allOf", "oneOf"):
        if combined in schema:
            return of(schema[combined][0], schemas, name)
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        excluded = schema.get("not", {}).get("required", [])[1:]
        fields = schema.get("properties", {}).items()
        return {key: of(one, schemas, key) for key, one in fields if key not in excluded}
    if kind == "array":
        return [of(schema["items"], schemas, name)]
    return _BY_FORMAT.get(schema.get("format", "")) or _BY_TYPE[kind]

"""The description of the endpoints, and whether a reply is one that it allows."""

import re
from functools import cache

import jsonschema_rs
from drf_spectacular.generators import SchemaGenerator


@cache
def description():
    """Return the description as programs read it."""
    return SchemaGenerator().get_schema(request=None, public=True)


def operations():
    """Yield path, method and description of each operation."""
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


@cache
def validator(path, method, status, media_type):
    content = description()["paths"][path][method]["responses"][status]["content"]
    return validator_of(content[media_type]["schema"])


def validator_of(schema):
    """Return a validator of a schema that may refer to components."""
    whole = {**schema, "components": description()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def patterns():
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path)
            for path in description()["paths"]]  # fmt: skip


def faults(method, address, answer):
    """Return what of a reply the description does not allow."""
    path = next((path for pattern, path in patterns() if pattern.fullmatch(address)), None)
    operation = description()["paths"].get(path, {}).get(method.lower())
    if operation is None:
        return []  # an unknown address or method is refused everywhere alike
    status = str(answer.status_code)
    if status not in operation["responses"]:
        return [f"{method} {path}: {status} is not described: {answer.content[:200]!r}"]
    response = operation["responses"][status]
    missing = [name for name in ("X-Request-ID", "Retry-After", "WWW-Authenticate")
               if name in response["headers"] and name not in answer.headers]  # fmt: skip
    if "content" not in response:
        return missing + (["it has a body"] if answer.content else [])
    media_type = answer.headers["content-type"].split(";")[0]
    if media_type not in response["content"]:
        return [f"{method} {path} {status}: {media_type} is not described"]
    if media_type.startswith("text/"):
        return missing
    check = validator(path, method.lower(), status, media_type)
    found = check.iter_errors(answer.json())
    return missing + [
        f"{method} {path} {status} {error.instance_path}: {error.message[:300]}" for error in found
    ]

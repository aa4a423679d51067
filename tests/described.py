"""The description of the endpoints, and whether a reply is one that it allows.

``tests/conftest.py`` compares with it every reply that a test receives from an endpoint.
"""

import re
from functools import cache

import jsonschema_rs
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator

from backoffice.web.api import error_catalogue, problems

ENDPOINTS = ("/api/v1/", "/hooks/", "/livez", "/readyz")


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
    """Return a validator of a schema that may refer to components; it refuses undeclared fields."""
    whole = {**closed(schema), "components": closed_components()}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def closed_components():
    schemas = description()["components"]["schemas"]
    # A problem has the facts of its code beside what is declared.
    return {"schemas": {name: schema if name == "Problem" else closed(schema)
                        for name, schema in schemas.items()}}  # fmt: skip


def closed(schema):
    """Return a schema in which an object has no field but the declared ones."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(one) for name, one in schema.items()}
    is_object = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
    return {"additionalProperties": False, **inner} if is_object else inner


@cache
def patterns():
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path)
            for path in sorted(description()["paths"], key=lambda one: one.count("{"))]  # fmt: skip


def check(method, address, answer):
    """Fail if a reply of an endpoint is not as described."""
    __tracebackhide__ = True
    found = faults(method, address, answer)
    assert found == [], "\n".join(["the reply is not as described", *found])


def faults(method, address, answer):
    """Return what of a reply the description does not allow; it has no HEAD and OPTIONS."""
    method = method.lower()
    if method in ("head", "options"):
        return []
    path = next((path for pattern, path in patterns() if pattern.fullmatch(address)), None)
    operation = description()["paths"].get(path, {}).get(method)
    found = leads_nowhere(answer)
    if operation is None:
        return found + of_any_address(method, address, answer)
    status = str(answer.status_code)
    if status not in operation["responses"]:
        return [*found, f"{method} {path}: {status} is not described: {answer.content[:200]!r}"]
    response = operation["responses"][status]
    found += [name for name in ("X-Request-ID", "Retry-After", "WWW-Authenticate")
              if name in response["headers"] and name not in answer.headers]  # fmt: skip
    if not answer.content:
        return found + (["it has no body"] if "content" in response else [])
    return found + faults_of_body(path, method, status, answer)


def faults_of_body(path, method, status, answer):
    described = description()["paths"][path][method]["responses"][status].get("content", {})
    media_type = answer.headers["content-type"].split(";")[0]
    if media_type not in described:
        return [f"{method} {path} {status}: {media_type} is not described"]
    if media_type.startswith("text/") or media_type == "application/pdf":
        return []
    errors = validator(path, method, status, media_type).iter_errors(answer.json())
    return [f"{method} {path} {status} {error.instance_path}: {error.message[:300]}"
            for error in errors]  # fmt: skip


def of_any_address(method, address, answer):
    """Return the faults of a reply where the description has no operation."""
    codes = {int(refusal.status) for refusal in problems.ANYWHERE}
    if answer.status_code not in codes:
        return [f"{method} {address}: {answer.status_code} where nothing is described"]
    if not address.startswith("/api/"):
        return []
    errors = problem().iter_errors(answer.json())
    return [f"{method} {address} {error.instance_path}: {error.message}" for error in errors]


@cache
def problem():
    return validator_of({"$ref": "#/components/schemas/Problem"})


def leads_nowhere(answer):
    """Return whether the type of a problem document is no address of its code."""
    if not answer.headers.get("content-type", "").startswith(problems.CONTENT_TYPE):
        return []
    body = answer.json()
    found = resolve(body["type"])
    is_entry = found.url_name == "error" and found.kwargs == {"code": body["code"]}
    if is_entry and body["code"] in error_catalogue.entries():
        return []
    return [f"the type {body['type']} leads nowhere"]

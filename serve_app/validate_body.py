"""The body of /v1/validate: JSON, an archive as it is, or a form with one."""

from __future__ import annotations

import base64
import json
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from qlp.errors import InputError
from qlp.validation.intake.job import EXAMPLES, ValidateJob
from serve_app.multipart import read_form

ARCHIVES = {
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/gzip": "tar.gz",
    "application/x-gzip": "tar.gz",
    "application/x-tar": "tar",
    "application/octet-stream": None,
}
_LISTS = ("stages",)
_JSON_FIELDS = ("commands",)
_BINARY = {"schema": {"type": "string", "format": "binary"}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ValidateJob"}, "examples": EXAMPLES},
            "application/zip": _BINARY,
            "application/gzip": _BINARY,
            "application/x-tar": _BINARY,
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["archive"],
                    "properties": {
                        "archive": {"type": "string", "format": "binary", "description": "zip, tar or tar.gz"},
                        "policy": {"type": "string"},
                        "language": {"type": "string"},
                        "root": {"type": "string"},
                        "stages": {"type": "string", "description": "With commas between them."},
                        "public": {"type": "boolean"},
                    },
                }
            },
        },
    }
}
"""For OpenAPI; beside an archive the other fields of ValidateJob are query parameters, or fields of the form."""


async def read_job(request: Request) -> ValidateJob:
    """Raises InputError, RequestValidationError (as FastAPI does for a body that it reads itself)."""
    kind = request.headers.get("content-type", "application/json").split(";", 1)[0].strip().lower()
    body = await request.body()
    if kind in ARCHIVES:
        fields = _options(request.query_params)
        fields["archive"] = {"base64": base64.b64encode(body).decode(), "format": ARCHIVES[kind]}
    elif kind == "multipart/form-data":
        fields = _options(request.query_params)
        for part in read_form(request.headers["content-type"], body):
            if part.name == "archive":
                fields["archive"] = {"base64": base64.b64encode(part.data).decode()}
            else:
                fields |= _options({part.name: part.text()})
    elif kind == "application/json" or kind.endswith("+json"):
        return _checked(_parsed(body))
    else:
        raise RequestValidationError(
            [
                {
                    "type": "content_type",
                    "loc": ("header", "content-type"),
                    "msg": f"{kind} is not read here: send application/json, application/zip, application/gzip, "
                    "application/x-tar or multipart/form-data",
                }
            ]
        )
    return _checked(fields)


def _options(given: QueryParams | dict[str, str]) -> dict[str, Any]:
    """Text -> fields of the job; `format` is the answer's."""
    fields: dict[str, Any] = {}
    for name, text in given.items():
        if name == "format":
            continue
        if name in _LISTS:
            fields[name] = [word.strip() for word in text.split(",") if word.strip()]
        elif name in _JSON_FIELDS:
            fields[name] = _parsed(text.encode())
        else:
            fields[name] = text
    return fields


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise InputError("the body is nested too deeply") from error
    except ValueError as error:
        wrong = {"type": "json_invalid" if body else "missing", "loc": ("body",), "msg": f"no JSON: {error}"}
        raise RequestValidationError([wrong]) from error


def _checked(fields: Any) -> ValidateJob:
    try:
        return ValidateJob.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from error

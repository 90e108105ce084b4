"""What OpenAPI says about answers that are not a route's own: problems, event streams, raw bytes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from qlp.validation.intake.job import ValidateJob
from serve_app.problem_details import MEDIA_TYPE


class ProblemDocument(BaseModel):
    """RFC 9457, with QLP's own members."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    type: str
    """`urn:qlp:problem:CODE`."""
    title: str
    status: int
    detail: str
    """What is wrong, and what to do."""
    instance: str
    code: str
    """Stable."""
    request_id: str
    retryable: bool
    """Whether the same call may succeed later."""
    errors: list[dict[str, str]] | None = None
    """`field` (such as `body.limits.wall_s`), `message` and `rule` of each wrong field."""


def install(app: FastAPI) -> None:
    """FastAPI would file an error's model under application/json; here it is a component that answers refer to."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        schemas = document["components"]["schemas"]
        schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
        job = ValidateJob.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**job.pop("$defs", {}), "ValidateJob": job}  # its route reads the body itself
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _problem(description: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    told: dict[str, Any] = {"description": description, "content": content}
    return {**told, "headers": headers} if headers else told


RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: _problem("There is none, or it is another tenant's.")}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("The request is wrong: `detail` says what to change."),
    401: _problem("No key, or an unknown one."),
    413: _problem("The body is too large."),
    422: _problem("Fields are wrong: `errors` lists them."),
    429: _problem("The queue is full: come again after `Retry-After`.", RETRY_AFTER),
    503: _problem("There is no sandbox, or it went away: `detail` and `remedy` say what to do."),
    504: _problem("The sandbox did not answer in time."),
    507: _problem("What was sent does not fit into the workspace."),
}
EVENTS: dict[str, Any] = {
    "description": "The result; or, if asked for, server-sent events.",
    "content": {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": (
                "id: 1\nevent: execution.output.delta\n"
                'data: {"type": "execution.output.delta", "sequence_number": 1, "stream": "stdout", "delta": "6"}\n\n'
                "id: 2\nevent: execution.completed\n"
                'data: {"type": "execution.completed", "sequence_number": 2, "execution": {"exit_code": 0}}\n\n'
            ),
        }
    },
}
BYTES_IN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
BYTES_OUT: dict[str, Any] = {
    "description": "The file's bytes.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    "headers": {
        "ETag": {"description": "For If-None-Match.", "schema": {"type": "string"}},
        "Repr-Digest": {"description": "sha256 of the bytes (RFC 9530).", "schema": {"type": "string"}},
    },
}

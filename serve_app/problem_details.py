"""Every error as application/problem+json (RFC 9457)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from qlp.errors import AuthError, OverloadedError, QLPError
from serve_app.openai.problems import facade_document, in_facade

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large", 415: "unsupported_media_type"}
RETRY_AFTER_S = 5


class Where(NamedTuple):
    instance: str
    request_id: str


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    where: Where,
    retryable: bool = False,
    errors: list[dict[str, str]] | None = None,
    extra: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    if in_facade(where.instance):
        status, told = facade_document(status, code, detail, extra or {}, where.request_id)
        content = json.dumps(told, ensure_ascii=False, default=str).encode("utf-8", "replace")
        return Response(content, status_code=status, media_type="application/json", headers=dict(headers or {}))
    body: dict[str, Any] = {
        **(extra or {}),
        "type": f"urn:qlp:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": where.instance,
        "code": code,
        "request_id": where.request_id,
        "retryable": retryable,
    }
    if errors is not None:
        body["errors"] = errors
    content = json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return Response(content, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    app.add_exception_handler(QLPError, _qlp_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _defect)


async def _qlp_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, QLPError)
    headers: dict[str, str] = {}
    if isinstance(error, AuthError):
        headers["WWW-Authenticate"] = 'Bearer realm="qlp"'
    if isinstance(error, OverloadedError):
        headers["Retry-After"] = str(error.extra.get("retry_after_s", RETRY_AFTER_S))
    return problem(
        error.status,
        error.code,
        error.detail,
        retryable=error.retryable,
        extra=error.extra,
        headers=headers,
        where=_where(request),
    )


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {
            "field": ".".join(str(part) for part in e["loc"]),
            "message": str(e["msg"]).removeprefix("Value error, "),
            "rule": str(e["type"]),
        }
        for e in error.errors()
    ]
    if any(e["rule"] == "json_invalid" for e in errors):
        return problem(400, "invalid_request", "the body is not valid JSON", errors=errors, where=_where(request))
    detail = "; ".join(f"{e['field']}: {e['message']}" for e in errors[:3])
    return problem(422, "invalid_request", detail, errors=errors, where=_where(request))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "invalid_request" if error.status_code < 500 else "internal_error")
    detail = str(error.detail)
    if error.status_code == 404:
        detail = f"there is nothing at {request.url.path}: the paths are listed at /docs"
    elif error.status_code == 405:
        detail = f"{request.method} is not possible at {request.url.path}"
    return problem(error.status_code, code, detail, headers=error.headers, where=_where(request))


async def _defect(request: Request, error: Exception) -> Response:
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    detail = f"internal error ({type(error).__name__}); the server's log has more under this request_id"
    return problem(500, QLPError.code, detail, where=_where(request))


def _where(request: Request) -> Where:
    return Where(request.url.path, str(request.scope.get("qlp.request_id", "")))

"""Errors in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`.

The official client chooses its exception by the status, retries 408, 409, 429 and 5xx, and shows `message`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qlp.errors import (
    AuthError,
    BudgetExceededError,
    NotFoundError,
    OverloadedError,
    ProviderError,
    ProviderRateLimitError,
    QLPError,
    UnpricedModelError,
)

PATHS = ("/v1/chat/", "/v1/models")
_KINDS = {400: "invalid_request_error", 401: "invalid_request_error", 403: "permission_error", 429: "rate_limit_error"}
_REASONS: dict[str, tuple[int, str]] = {
    "not_found": (404, "model_not_found"),
    "context_length": (400, "context_length_exceeded"),
    "content_policy": (400, "content_policy_violation"),
    "unsupported": (400, "unsupported_parameter"),
    "refused": (400, "invalid_request"),
}
"""Reasons of a ProviderError that are the caller's to mend; the others are the operator's (502, 503)."""


def in_facade(path: str) -> bool:
    return path.startswith(PATHS)


def error_body(status: int, code: str, message: str, *, param: str | None = None, **more: Any) -> dict[str, Any]:
    if code == "insufficient_quota":
        kind = code
    else:
        kind = _KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code, **more}}


def status_and_code(error: QLPError) -> tuple[int, str]:
    match error:
        case AuthError():
            return 401, "invalid_api_key"
        case BudgetExceededError() | UnpricedModelError():
            return 429, "insufficient_quota"
        case OverloadedError() | ProviderRateLimitError():
            return 429, "rate_limit_exceeded"
        case ProviderError():
            reason = str(error.extra.get("reason"))
            return _REASONS.get(reason, (error.status, error.code))
        case NotFoundError():
            return 404, error.code
    return error.status, error.code


def body_of(error: QLPError) -> tuple[int, dict[str, Any]]:
    """Status and body of an error."""
    status, code = status_and_code(error)
    return status, error_body(status, code, error.detail)


def event_of(error: QLPError) -> bytes:
    """The same inside a stream whose status line is sent; the official client raises APIError for it."""
    return b"data: " + json.dumps(body_of(error)[1], ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"


def facade_document(
    status: int, code: str, detail: str, extra: Mapping[str, object], request_id: str
) -> tuple[int, dict[str, Any]]:
    """From the parts of a problem document (problem_details.py)."""
    reason = str(extra.get("reason"))
    if code.startswith("provider") and reason in _REASONS:
        status, code = _REASONS[reason]
    elif code in ("budget_exceeded", "unpriced_model"):
        status, code = 429, "insufficient_quota"
    elif code == "unauthorized":
        code = "invalid_api_key"
    elif status == 429:
        code = "rate_limit_exceeded"
    elif status == 422:
        status = 400
    return status, error_body(status, code, detail, request_id=request_id)

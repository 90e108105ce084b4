"""Faults out of what the `openai` and `anthropic` clients raise, which are built alike, and their transport."""

from __future__ import annotations

from typing import Any, NamedTuple

from qlp.errors import ProviderError
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import Fault, broken, status_fault, timed_out, too_large
from qlp.providers.reply import an_object
from qlp.providers.transport import ReplyTooLargeError


class Refusal(NamedTuple):
    """What a server said with a status; dialects learn from it."""

    status: int
    param: str | None
    said: str


def sdk_fault(error: Exception, where: str, endpoint: Endpoint) -> tuple[Fault, Refusal | None]:
    """Classify what a client, the transport or a reader raised."""
    if isinstance(error, ProviderError):
        detail = error.detail if error.detail.startswith(where) else f"{where}: {error.detail}"
        return Fault(type(error)(detail, **error.extra)), None
    if isinstance(error, ReplyTooLargeError):
        return too_large(where, error), None
    status = getattr(error, "status_code", None)
    response: Any = getattr(error, "response", None)
    if isinstance(status, int) and response is not None:
        said, code, param = _words(error)
        refusal = Refusal(status, param, endpoint.redact(said))  # before it is cut: half a key is one too
        fault = status_fault(status, refusal.said, where, code=code, headers=response.headers, key=endpoint.key_name)
        return fault, refusal
    if type(error).__name__ == "APITimeoutError":
        return timed_out(where), None
    return broken(where, error), None


def _words(error: Any) -> tuple[str, str, str | None]:
    """Message, code and parameter of an error body in the shape of either client, or of none."""
    body = error.body
    inner = an_object(body).get("error") or body
    message = an_object(inner).get("message")
    said = message if isinstance(message, str) else str(body if body is not None else error.message)
    code = an_object(inner).get("code") or an_object(inner).get("type") or ""
    param = an_object(inner).get("param")
    return said, str(code), param if isinstance(param, str) else None

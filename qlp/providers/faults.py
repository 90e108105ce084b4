"""What went wrong in one request: the typed error, whether trying again makes sense, whether it is an outage."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qlp.errors import (
    ProviderError,
    ProviderRateLimitError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from qlp.providers.reply import BAD_REPLY
from qlp.providers.retry import retry_after
from qlp.providers.transport import ReplyTooLargeError

if TYPE_CHECKING:
    from openai import APIStatusError

_LONGEST = 300
_CONTEXT = re.compile(r"context[_ ](length|window|size)|maximum context|too many (input )?tokens", re.IGNORECASE)


@dataclass(frozen=True)
class Fault:
    error: ProviderError
    retry: bool = False
    outage: bool = False
    """Counts for the circuit breaker."""
    retry_after_s: float | None = None


def fault_of(error: Exception, where: str, redact: Callable[[str], str]) -> Fault:
    """Classify what the SDK or the transport raised. `where` is `model at url`; server text passes `redact`."""
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, ProviderError):
        return Fault(error)
    if isinstance(error, ReplyTooLargeError):
        return Fault(ProviderError(f"{where}: {error}", reason=BAD_REPLY))
    if isinstance(error, APIStatusError):
        return _status_fault(error, where, redact)
    if isinstance(error, APITimeoutError):
        return Fault(ProviderTimeoutError(f"{where} did not answer in time"), retry=True, outage=True)
    if isinstance(error, APIConnectionError):
        cause = type(error.__cause__).__name__ if error.__cause__ else "connection error"
        detail = f"{where} cannot be reached ({cause}); is the server running, and the base URL right?"
        return Fault(ProviderUnavailableError(detail, reason="connection"), retry=True, outage=True)
    detail = f"{where} broke the connection ({type(error).__name__})"
    return Fault(ProviderUnavailableError(detail, reason="connection"), retry=True, outage=True)


def _status_fault(error: APIStatusError, where: str, redact: Callable[[str], str]) -> Fault:
    status, code = error.status_code, error.code or ""
    said = redact(_message(error))
    wait = retry_after(error.response.headers)
    if status == 429:
        limited = ProviderRateLimitError(f"{where} limits the rate (429): {said}", retry_after_s=wait)
        return Fault(limited, retry=code != "insufficient_quota", retry_after_s=wait)
    if status >= 500 or status in (408, 425):
        down = ProviderUnavailableError(f"{where} answered {status}: {said}", reason="status", upstream_status=status)
        return Fault(down, retry=True, outage=True, retry_after_s=wait)
    if status in (401, 403):
        detail = f"{where} refused the key ({status}); set QLP_MODELS__API_KEY or OPENAI_API_KEY. It said: {said}"
        return Fault(ProviderError(detail, reason="auth", upstream_status=status))
    if status == 404:
        detail = f"{where} is not there (404); is the model's name right, does the base URL end in /v1? It said: {said}"
        return Fault(ProviderError(detail, reason="not_found", upstream_status=status))
    reason = "context_length" if code == "context_length_exceeded" or _CONTEXT.search(said) else "refused"
    return Fault(
        ProviderError(f"{where} refused the request ({status}): {said}", reason=reason, upstream_status=status)
    )


def _message(error: APIStatusError) -> str:
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    text = message if isinstance(message, str) else str(body if body is not None else error.message)
    return " ".join(text.split())[:_LONGEST]

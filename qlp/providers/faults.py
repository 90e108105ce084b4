"""What went wrong in one request: the typed error, whether trying again makes sense, whether it is an outage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from qlp.errors import (
    ProviderError,
    ProviderRateLimitError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from qlp.providers.reply import BAD_REPLY, CONTENT_POLICY
from qlp.providers.retry import retry_after
from qlp.providers.transport import ReplyTooLargeError

_LONGEST = 300
_CONTEXT = re.compile(
    r"context[_ ](length|window|size)|maximum context|too many (input )?tokens|(prompt|input) is too long",
    re.IGNORECASE,
)
_POLICY = re.compile(r"content[_ ](filter|policy|management)|responsible ?ai|guardrail", re.IGNORECASE)
_UNSUPPORTED = re.compile(
    r"unsupported|not support|unknown|unrecognized|not permitted|not allowed|not available|extra_forbidden|"
    r"no support|only supports",
    re.IGNORECASE,
)
_FEATURE = re.compile(
    r"\b(tools?|tool_?choice|tool_?config|function calling|logprobs|top_logprobs|stop|stop_?sequences|images?|"
    r"image_url|vision|multimodal|response_format|json_schema|output_config|output_?format|cache_?point|"
    r"streaming)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fault:
    error: ProviderError
    retry: bool = False
    outage: bool = False
    """Counts for the circuit breaker."""
    retry_after_s: float | None = None
    again: bool = False
    """The wire learned from the refusal and would send another request now: try at once, it counts for nothing."""
    sent: bool = True
    """False: it never left this machine, and tells nothing about the endpoint."""


class Faulted(Exception):
    """A request failed; `fault` says what to make of it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.error.detail)
        self.fault = fault


def status_fault(
    status: int, said: str, where: str, *, code: str = "", headers: Mapping[str, str] | None = None, key: str = ""
) -> Fault:
    """A refusal by HTTP status. `said`: the server's words, keys already taken out; `code`: its own code or type;
    `key`: which setting or variable holds the key."""
    said = " ".join(said.split())[:_LONGEST]
    wait = retry_after(headers or {})
    if status == 429:
        limited = ProviderRateLimitError(f"{where} limits the rate (429): {said}", retry_after_s=wait)
        return Fault(limited, retry=code != "insufficient_quota", retry_after_s=wait)
    if status >= 500 or status in (408, 424, 425):
        down = ProviderUnavailableError(f"{where} answered {status}: {said}", reason="status", upstream_status=status)
        return Fault(down, retry=True, outage=True, retry_after_s=wait)
    if status in (401, 403):
        detail = f"{where} refused the key ({status}); set {key or 'its key'}. It said: {said}"
        return Fault(ProviderError(detail, reason="auth", upstream_status=status))
    if status == 404:
        detail = f"{where} is not there (404); is the model's name right, does the base URL end in /v1? It said: {said}"
        return Fault(ProviderError(detail, reason="not_found", upstream_status=status))
    detail = f"{where} refused the request ({status}): {said}"
    return Fault(ProviderError(detail, reason=_reason(status, code, said), upstream_status=status))


def broken(where: str, error: BaseException) -> Fault:
    """The transport failed before or inside the answer."""
    cause = error.__cause__ or error
    detail = f"{where} cannot be reached ({type(cause).__name__}); is the server running, and the base URL right?"
    return Fault(ProviderUnavailableError(detail, reason="connection"), retry=True, outage=True)


def timed_out(where: str) -> Fault:
    return Fault(ProviderTimeoutError(f"{where} did not answer in time"), retry=True, outage=True)


def truncated(where: str) -> Fault:
    """A stream that ended in good form before the answer did."""
    detail = f"{where} broke the answer off before its end"
    return Fault(ProviderUnavailableError(detail, reason="connection"), retry=True, outage=True)


def too_large(where: str, error: ReplyTooLargeError) -> Fault:
    return Fault(ProviderError(f"{where}: {error}", reason=BAD_REPLY))


def unsupported(where: str, what: str) -> Faulted:
    """What this provider cannot do at all, said before anything is sent."""
    return Faulted(Fault(ProviderError(f"{where} has no {what}", reason="unsupported"), sent=False))


def learned(fault: Fault) -> Fault:
    return replace(fault, again=True)


def says_unsupported(said: str) -> bool:
    return bool(_UNSUPPORTED.search(said))


def _reason(status: int, code: str, said: str) -> str:
    if status == 413 or code == "context_length_exceeded" or _CONTEXT.search(said):
        return "context_length"
    if _POLICY.search(code) or _POLICY.search(said):
        return CONTENT_POLICY
    if _UNSUPPORTED.search(said) and _FEATURE.search(said):
        return "unsupported"
    return "refused"

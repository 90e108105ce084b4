"""Reads the body of a chat completion, from servers that are right, sloppy or broken."""

from __future__ import annotations

import json
from typing import Any

from qlp.errors import ProviderError
from qlp.models import Usage
from qlp.models._base import Frozen

BAD_REPLY = "bad_reply"
"""`extra["reason"]` of a ProviderError for an answer that is no answer: the endpoint works, the turn is lost."""
_QUOTE = 200


class Reply(Frozen):
    """One HTTP answer. Token counts are None where the server did not report them."""

    texts: tuple[str, ...]
    """Non-empty samples."""
    cut: tuple[bool, ...]
    choices: int
    """Samples that the server sent, empty ones included: what is missing from `n` was ignored."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int = 0
    why_empty: str = ""
    """Why there is no text at all; such a reply was paid for all the same."""


def read_reply(body: bytes, content_type: str = "") -> Reply:
    """Raises ProviderError(reason="bad_reply") for what is no chat completion."""
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        start = body[:_QUOTE].decode("utf-8", "replace")
        raise _bad(f"the reply is not JSON ({content_type or 'no content type'}), it starts with {start!r}") from None
    if not isinstance(data, dict):
        raise _bad(f"the reply is a JSON {type(data).__name__}, not an object")
    if data.get("error"):
        raise _bad(f"the reply carries an error with status 200: {str(data['error'])[:_QUOTE]}")
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices:
        raise _bad("the reply has no choices")
    samples = [sample for choice in choices if (sample := _sample(choice)) is not None]
    usage = _object(data.get("usage"))
    return Reply(
        texts=tuple(text for text, _ in samples),
        cut=tuple(cut for _, cut in samples),
        choices=len(choices),
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(_object(usage.get("prompt_tokens_details")).get("cached_tokens")) or 0,
        why_empty="" if samples else _why_empty(choices),
    )


def usage_of(error: ProviderError) -> Usage:
    """What a failed call is known to have cost; nothing for errors before an answer."""
    usage = error.extra.get("usage")
    return Usage.model_validate(usage) if usage else Usage()


def _sample(choice: Any) -> tuple[str, bool] | None:
    content = _object(_object(choice).get("message")).get("content")
    if isinstance(content, list):  # some gateways answer with content parts
        content = "".join(p["text"] for p in content if isinstance(p, dict) and isinstance(p.get("text"), str))
    if not isinstance(content, str) or not content.strip():
        return None
    # A lone surrogate is legal JSON and cannot be written to a file.
    text = content.encode("utf-8", "replace").decode("utf-8")
    return text, choice.get("finish_reason") in ("length", "content_filter")


def _why_empty(choices: list[Any]) -> str:
    first = _object(choices[0])
    message = _object(first.get("message"))
    if message.get("refusal"):
        return f"refused: {str(message['refusal'])[:_QUOTE]}"
    if message.get("tool_calls"):
        return "it calls tools, none were offered"
    return f"finish_reason {str(first.get('finish_reason'))[:40]}"


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _bad(detail: str) -> ProviderError:
    return ProviderError(detail, reason=BAD_REPLY)

"""Reads messages and message streams of Anthropic."""

from __future__ import annotations

import json
from typing import Any

from qlp.providers.blocks import Blocks
from qlp.providers.faults import Fault, Faulted, status_fault, truncated
from qlp.providers.openai.reply import read_json
from qlp.providers.reply import QUOTE, Reply, a_count, an_object, bad, reply_of
from qlp.providers.wire import Ask, Piece

_CUT = ("max_tokens", "model_context_window_exceeded", "refusal")
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""HTTP status of an error inside a stream (platform.claude.com/docs/en/api/errors)."""


def read_message(body: bytes, content_type: str, ask: Ask, max_bytes: int) -> Reply:
    """Raises ProviderError(reason="bad_reply") for what is no message."""
    data = read_json(body, content_type)
    if data.get("type") == "error" or data.get("error"):
        raise bad(f"the reply carries an error with status 200: {str(data.get('error'))[:QUOTE]}")
    if not isinstance(data.get("content"), list):
        raise bad("the reply has no content")
    blocks = Blocks(ask.options, max_bytes)
    for index, block in enumerate(data["content"]):
        _whole(blocks, index, an_object(block))
    return _reply(blocks, data.get("stop_reason"), data.get("usage"), ask)


class MessageStream:
    """Feed it the data of each event, then ask for `reply`."""

    def __init__(self, ask: Ask, where: str, max_bytes: int) -> None:
        self._ask = ask
        self._where = where
        self._blocks = Blocks(ask.options, max_bytes)
        self._usage: dict[str, Any] = {}
        self._stop_reason: object = None
        self.done = False

    def add(self, data: str) -> list[Piece]:
        """Raises ProviderError, Faulted and ReplyTooLargeError. Events of kinds that are not known are left out, as
        the API's versioning asks of its clients."""
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            raise bad(f"the stream holds an event that is not JSON, it starts with {data[:QUOTE]!r}") from None
        event = an_object(event)
        index = a_count(event.get("index")) or 0
        text = ""
        match event.get("type"):
            case "message_start":
                self._usage |= _given(an_object(event.get("message")).get("usage"))
            case "content_block_start":
                text = _whole(self._blocks, index, an_object(event.get("content_block")))
            case "content_block_delta":
                text = self._delta(index, an_object(event.get("delta")))
            case "content_block_stop":
                self._blocks.stop(index)
            case "message_delta":
                self._stop_reason = an_object(event.get("delta")).get("stop_reason") or self._stop_reason
                self._usage |= _given(event.get("usage"))
            case "message_stop":
                self.done = True
                text = self._blocks.late_text()
            case "error":
                raise Faulted(self._error(an_object(event.get("error"))))
        return [Piece(text)] if text else []

    def reply(self) -> Reply:
        if not self.done:
            raise Faulted(truncated(self._where))
        return _reply(self._blocks, self._stop_reason, self._usage, self._ask)

    def _delta(self, index: int, delta: dict[str, Any]) -> str:
        match delta.get("type"):
            case "text_delta":
                return self._blocks.text(index, str(delta.get("text") or ""))
            case "input_json_delta":
                return self._blocks.arguments(index, str(delta.get("partial_json") or ""))
        return ""

    def _error(self, error: dict[str, Any]) -> Fault:
        kind = str(error.get("type"))
        return status_fault(_STATUS.get(kind, 500), str(error.get("message"))[:QUOTE], self._where, code=kind)


def _whole(blocks: Blocks, index: int, block: dict[str, Any]) -> str:
    """A block as it stands in a message, or at its start in a stream; thoughts are not part of the answer."""
    match block.get("type"):
        case "text":
            blocks.start(index)
            return blocks.text(index, str(block.get("text") or ""))
        case "tool_use":
            blocks.start(index, call=(str(block.get("id") or ""), str(block.get("name") or "")))
            if given := block.get("input"):
                return blocks.arguments(index, json.dumps(given))
    return ""


def _reply(blocks: Blocks, stop_reason: object, usage: object, ask: Ask) -> Reply:
    reason = str(stop_reason)
    sample = blocks.sample(cut=reason in _CUT, stop_reason=reason, withheld=reason == "refusal")
    return reply_of([sample], tools=bool(ask.options.tools), **_counts(an_object(usage)))


def _counts(usage: dict[str, Any]) -> dict[str, Any]:
    """`input_tokens` of the API leaves out what the cache gave or took; ours is the whole prompt."""
    fresh = a_count(usage.get("input_tokens"))
    read = a_count(usage.get("cache_read_input_tokens")) or 0
    written = a_count(usage.get("cache_creation_input_tokens")) or 0
    details = an_object(usage.get("output_tokens_details"))
    return {
        "input_tokens": None if fresh is None else fresh + read + written,
        "output_tokens": a_count(usage.get("output_tokens")),
        "cached_tokens": read,
        "cache_write_tokens": written,
        "reasoning_tokens": a_count(details.get("thinking_tokens")) or 0,
    }


def _given(usage: object) -> dict[str, Any]:
    return {name: value for name, value in an_object(usage).items() if value is not None}

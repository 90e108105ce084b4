"""Reads answers of Converse, and the events of ConverseStream."""

from __future__ import annotations

import json
from typing import Any

from qlp.providers.blocks import Blocks
from qlp.providers.faults import Fault, Faulted, status_fault, truncated
from qlp.providers.openai.reply import read_json
from qlp.providers.reply import QUOTE, Reply, Sample, a_count, an_object, bad, reply_of
from qlp.providers.wire import Ask, Piece

_CUT = ("max_tokens", "model_context_window_exceeded", "content_filtered")
_SPOILED = ("malformed_model_output", "malformed_tool_use", "guardrail_intervened")
"""Stop reasons of what is no answer: a guardrail puts a text of its own in the answer's place."""
_STATUS = {
    "throttlingexception": 429,
    "servicequotaexceededexception": 429,
    "modelnotreadyexception": 429,
    "modeltimeoutexception": 408,
    "modelerrorexception": 424,
    "modelstreamerrorexception": 424,
    "validationexception": 400,
    "accessdeniedexception": 403,
    "unrecognizedclientexception": 403,
    "expiredtokenexception": 403,
    "invalidsignatureexception": 403,
    "resourcenotfoundexception": 404,
    "serviceunavailableexception": 503,
    "internalserverexception": 500,
}


def read_converse(body: bytes, content_type: str, ask: Ask, max_bytes: int) -> Reply:
    """Raises ProviderError(reason="bad_reply") for what is no answer of Converse."""
    data = read_json(body, content_type)
    content = an_object(an_object(data.get("output")).get("message")).get("content")
    if not isinstance(content, list):
        said = data.get("message") or data.get("Message")
        raise bad(f"the reply carries an error with status 200: {str(said)[:QUOTE]}" if said else "the reply is empty")
    blocks = Blocks(ask.options, max_bytes)
    for index, value in enumerate(content):
        block = an_object(value)
        if isinstance(block.get("text"), str):
            blocks.start(index)
            blocks.text(index, block["text"])
        elif "toolUse" in block:
            use = an_object(block["toolUse"])
            blocks.start(index, call=(str(use.get("toolUseId") or ""), str(use.get("name") or "")))
            blocks.arguments(index, json.dumps(use.get("input") or {}))
    return _reply(blocks, data.get("stopReason"), data.get("usage"), ask)


def exception_fault(name: str, said: str, where: str, *, status: int | None = None, **extra: Any) -> Fault:
    """Of an exception's name, in a header or an event. A name that is not known keeps its HTTP status."""
    known = _STATUS.get(name.lower())
    return status_fault(known or status or 500, said[:QUOTE], where, code=name, **extra)


class ConverseEvents:
    """Feed it each event's type and payload, then ask for `reply`."""

    def __init__(self, ask: Ask, where: str, max_bytes: int) -> None:
        self._ask = ask
        self._where = where
        self._blocks = Blocks(ask.options, max_bytes)
        self._usage: object = None
        self._stop_reason: object = None
        self._stopped = False

    def add(self, kind: str, payload: bytes) -> list[Piece]:
        """Raises ProviderError and ReplyTooLargeError; events of kinds that are not known are left out."""
        try:
            event = an_object(json.loads(payload or b"{}"))
        except (ValueError, RecursionError):
            start = payload[:QUOTE].decode("utf-8", "replace")
            raise bad(f"the stream holds an event that is not JSON, it starts with {start!r}") from None
        index = a_count(event.get("contentBlockIndex")) or 0
        text = ""
        match kind:
            case "contentBlockStart":
                use = an_object(an_object(event.get("start")).get("toolUse"))
                if use:
                    self._blocks.start(index, call=(str(use.get("toolUseId") or ""), str(use.get("name") or "")))
            case "contentBlockDelta":
                delta = an_object(event.get("delta"))
                if isinstance(delta.get("text"), str):
                    text = self._blocks.text(index, delta["text"])
                elif "toolUse" in delta:
                    text = self._blocks.arguments(index, str(an_object(delta["toolUse"]).get("input") or ""))
            case "contentBlockStop":
                self._blocks.stop(index)
            case "messageStop":
                text = "" if self._stopped else self._blocks.late_text()
                self._stopped = True
                self._stop_reason = event.get("stopReason")
            case "metadata":
                self._usage = event.get("usage")
        return [Piece(text)] if text else []

    def reply(self) -> Reply:
        """Raises Faulted if the end is missing."""
        if not self._stopped:
            raise Faulted(truncated(self._where))
        return _reply(self._blocks, self._stop_reason, self._usage, self._ask)


def _reply(blocks: Blocks, stop_reason: object, usage: object, ask: Ask) -> Reply:
    reason = str(stop_reason)
    if reason in _SPOILED:
        sample = Sample(why_empty=f"stop reason {reason}", withheld=reason == "guardrail_intervened")
    else:
        sample = blocks.sample(cut=reason in _CUT, stop_reason=reason, withheld=reason == "content_filtered")
    return reply_of([sample], tools=bool(ask.options.tools), **_counts(an_object(usage)))


def _counts(usage: dict[str, Any]) -> dict[str, Any]:
    """`inputTokens` leaves out what the cache gave or took; ours is the whole prompt."""
    fresh = a_count(usage.get("inputTokens"))
    read = a_count(usage.get("cacheReadInputTokens")) or 0
    written = a_count(usage.get("cacheWriteInputTokens")) or 0
    return {
        "input_tokens": None if fresh is None else fresh + read + written,
        "output_tokens": a_count(usage.get("outputTokens")),
        "cached_tokens": read,
        "cache_write_tokens": written,
    }

"""Answers and chunks as chat completions write them, from our own contract."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qlp.models import Usage
from qlp.providers.protocol import Completion, TokenLogprob, ToolCall

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Shape:
    """One answer's identity; every chunk of it repeats it."""

    model: str
    id: str = field(default_factory=lambda: "chatcmpl-" + secrets.token_hex(12))
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, choices: list[dict[str, Any]], usage: Usage, **more: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
            "usage": usage_block(usage),
            **more,
        }

    def chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        body = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
            **more,
        }
        return b"data: " + json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"

    def delta(self, delta: Mapping[str, Any], index: int = 0, finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self.chunk([choice], **more)

    def usage(self, usage: Usage) -> bytes:
        return self.chunk([], usage=usage_block(usage))


def choice_of(text: str, index: int = 0, finish: str = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": text, "refusal": None, **message}
    return {"index": index, "message": said, "logprobs": None, "finish_reason": finish}


def choices_of(completion: Completion) -> list[dict[str, Any]]:
    choices = []
    for i, text in enumerate(completion.texts):
        calls = completion.tool_calls[i] if completion.tool_calls else ()
        choice = choice_of(text, i, finish_of(completion, i))
        if calls:
            choice["message"]["tool_calls"] = [_call(call) for call in calls]
            choice["message"]["content"] = text or None
        if completion.logprobs:
            choice["logprobs"] = logprobs_block(completion.logprobs[i])
        choices.append(choice)
    return choices


def finish_of(completion: Completion, sample: int) -> str:
    if completion.tool_calls and completion.tool_calls[sample]:
        return "tool_calls"
    return "length" if completion.cut[sample] else "stop"


def call_deltas(calls: Iterable[ToolCall]) -> list[dict[str, Any]]:
    return [{"index": i, **_call(call)} for i, call in enumerate(calls)]


def logprobs_block(tokens: Iterable[TokenLogprob]) -> dict[str, Any]:
    content = [
        {**_token(t.token, t.logprob), "top_logprobs": [_token(token, logprob) for token, logprob in t.top]}
        for t in tokens
    ]
    return {"content": content, "refusal": None}


def usage_block(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens, "audio_tokens": 0},
    }


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _token(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode("utf-8", "replace"))}

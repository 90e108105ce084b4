"""The most that a call can use, known before it is made."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from qlp.models._base import Frozen
from qlp.providers.protocol import ChatOptions, Message

_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens")
"""Fields of `extra_body` that may raise a limit behind the options' back."""


class Work(Frozen):
    """Upper bounds of one call, all samples together."""

    input_tokens: int
    output_tokens: int
    writes_cache: bool = False
    """Part of the input may be charged as a write to the provider's cache."""
    seconds: float = 0.0
    """Its deadline."""


def worst_case(messages: tuple[Message, ...], options: ChatOptions, *, provider: str) -> Work:
    """`provider` is the part of `provider:model` before the colon; images cost differently."""
    data = _data()
    images = data["image"].get(provider, data["image"]["default"])
    prompt = sum(_message(m, data, images) for m in messages)
    if options.tools or options.output is not None:
        prompt += data["tool_use"]
    for tool in options.tools:
        parameters = json.dumps(tool.parameters, ensure_ascii=False)
        prompt += data["tool"] + _bytes(tool.name, tool.description, parameters)
    if options.output is not None:
        prompt += data["tool"] + _bytes(options.output.name, json.dumps(options.output.schema_, ensure_ascii=False))
    samples = max(options.n, _number(options.extra_body.get("n")), _number(options.extra_body.get("best_of")))
    longest = max([options.max_tokens, *(_number(options.extra_body.get(name)) for name in _LIMITS)])
    return Work(
        input_tokens=prompt * samples,  # where a server has no `n`, the prompt is sent for each sample
        output_tokens=longest * samples,
        writes_cache=any(m.cache for m in messages),
        seconds=options.timeout_s,
    )


def _message(message: Message, data: dict[str, Any], image: int) -> int:
    calls = sum(_bytes(c.id, c.name, c.arguments) + data["tool"] for c in message.tool_calls)
    answer = _bytes(message.tool_call_id or "")
    return int(_bytes(message.content) + data["message"] + len(message.images) * image + calls + answer)


def _bytes(*texts: str) -> int:
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((files("qlp.budget") / "data" / "worst_case.json").read_text("utf-8"))
    return loaded

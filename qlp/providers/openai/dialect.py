"""Which request fields an endpoint takes: OpenAI-compatible servers differ, and say so only by refusing."""

from __future__ import annotations

import re
from typing import Any, Literal

from qlp.providers.faults import says_unsupported
from qlp.providers.openai.messages import cache_key, json_schema_format, schema_message, wire_messages, wire_tools
from qlp.providers.wire import Ask

_DROPPABLE = ("temperature", "top_p", "seed", "stream_options", "prompt_cache_key")
"""Fields that an answer does without: sampling that the model fixes itself, and accounting."""
_PARAM = re.compile(r"['\"`](n|max_tokens|response_format|" + "|".join(_DROPPABLE) + r")\b[^'\"`]*['\"`]")
_STEM = re.compile(r"[.\[]")


class Dialect:
    """What one model at one endpoint is known to take; learned from its refusals and kept for the process."""

    def __init__(self, *, cache_keys: bool = False) -> None:
        self.takes_n = True
        self._cache_keys = cache_keys
        self._dropped: set[str] = set()
        self._tokens_field = "max_tokens"
        self._schemas: Literal["json_schema", "json_object"] = "json_schema"

    def body(self, ask: Ask, *, stream: bool) -> dict[str, Any]:
        """All request fields but the model."""
        options = ask.options
        messages = wire_messages(ask.messages)
        body: dict[str, Any] = {self._tokens_field: options.max_tokens, "temperature": options.temperature}
        if options.top_p is not None:
            body["top_p"] = options.top_p
        if options.stop:
            body["stop"] = list(options.stop)
        if ask.n > 1 and self.takes_n:
            body["n"] = ask.n
        if options.logprobs is not None:
            body["logprobs"] = True
            if options.logprobs:
                body["top_logprobs"] = options.logprobs
        if options.output and self._schemas == "json_schema":
            body["response_format"] = json_schema_format(options.output)
        elif options.output:
            body["response_format"] = {"type": "json_object"}
            messages.insert(0, schema_message(options.output))
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        if self._cache_keys and (key := cache_key(ask.messages)):
            body["prompt_cache_key"] = key
        body |= wire_tools(options)
        body |= options.extra_body
        seed = body.get("seed")
        if ask.seed is not None:
            body["seed"] = ask.seed
        elif ask.sample and isinstance(seed, int):
            body["seed"] = seed + ask.sample
        kept = {name: value for name, value in body.items() if name not in self._dropped}
        return {"messages": messages, **kept}

    def learn(self, status: int, param: str | None, said: str) -> None:
        """Adapt to a 400 or 422 that names a field; the caller tries again if the body changes by it."""
        if status not in (400, 422):
            return
        found = _PARAM.search(said)
        name = _STEM.split(param)[0] if param else (found.group(1) if found else None)
        if name == "n":
            self.takes_n = False
        elif name == "max_tokens":
            self._tokens_field = "max_completion_tokens"
        elif name == "response_format" and says_unsupported(said):
            self._schemas = "json_object"
        elif name in _DROPPABLE:
            self._dropped.add(name)

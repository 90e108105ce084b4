"""Which request fields an endpoint takes: OpenAI-compatible servers differ, and say so only by refusing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlp.providers.protocol import ChatOptions

if TYPE_CHECKING:
    from openai import APIStatusError

_PARAM = re.compile(r"['\"`](n|max_tokens|temperature)['\"`]")


class Dialect:
    """What one model at one endpoint is known to take; learned from its refusals and kept for the process."""

    def __init__(self) -> None:
        self.takes_n = True
        self._takes_temperature = True
        self._tokens_field = "max_tokens"

    def body(self, options: ChatOptions, *, n: int, sample: int) -> dict[str, object]:
        """Request fields besides model and messages; `sample` is the index of the first sample asked for.

        Parallel requests with one seed would give the same sample n times, so the seed moves with the index.
        """
        body: dict[str, object] = {self._tokens_field: options.max_tokens}
        if self._takes_temperature:
            body["temperature"] = options.temperature
        if n > 1 and self.takes_n:
            body["n"] = n
        body.update(options.extra_body)
        seed = body.get("seed")
        if sample and isinstance(seed, int):
            body["seed"] = seed + sample
        return body

    def learn(self, error: APIStatusError) -> None:
        """Adapt to a 400 or 422 that names a field; the caller tries again if the body changes by it."""
        if error.status_code not in (400, 422):
            return
        message = error.body.get("message") if isinstance(error.body, dict) else error.message
        found = _PARAM.search(message) if isinstance(message, str) else None
        match error.param or (found.group(1) if found else None):
            case "n":
                self.takes_n = False
            case "temperature":
                self._takes_temperature = False
            case "max_tokens":
                self._tokens_field = "max_completion_tokens"

"""A provider in memory that answers what its script says, in order, and remembers what it was asked."""

from __future__ import annotations

from decimal import Decimal

from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Completion, Message, ToolCall

USAGE = Usage(calls=1, input_tokens=10, output_tokens=5, cost_usd=Decimal("0.01"))
Answer = str | tuple[str, ...] | ToolCall | Exception
"""A sample, several samples, a tool call, or what is raised."""


class ScriptedProvider:
    name = "test:scripted"

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Message, ...]] = []
        self.options: list[ChatOptions] = []
        self.keys: list[str] = []

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        self.asked.append(messages)
        self.options.append(options)
        self.keys.append(idempotency_key)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        calls: tuple[tuple[ToolCall, ...], ...] = ()
        if isinstance(answer, ToolCall):
            calls, answer = ((answer,),), ""
        texts = (answer,) if isinstance(answer, str) else answer
        return Completion(texts=texts, cut=(False,) * len(texts), model=self.name, usage=USAGE, tool_calls=calls)

    @property
    def last(self) -> str:
        return self.asked[-1][-1].content

"""A provider in process that walks through a script, for tests of what surrounds a model call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal

from qlp.errors import ProviderError, ProviderUnavailableError
from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Completion, Delta, Message

ASK = (Message(role="user", content="hello"),)


class Hang:
    """In a script: no answer until `release` is set."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.release = asyncio.Event()


Step = str | ProviderError | Hang


class Scripted:
    """Walks through its script, one entry a call; the last entry stays. Text is streamed word by word."""

    def __init__(self, name: str, *script: Step, usage: Usage | None = None) -> None:
        self.name = name
        self._script: Sequence[Step] = script
        self.usage = usage or Usage(calls=1, input_tokens=3, output_tokens=7, cost_usd=Decimal("0.01"))
        self.calls: list[tuple[str, ChatOptions]] = []
        self.called = asyncio.Event()
        self.cancelled = 0
        self.closed = 0

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        self._note(idempotency_key, options)
        text = await self._text()
        return Completion(texts=(text,) * options.n, cut=(False,) * options.n, model=self.name, usage=self.usage)

    async def stream(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> AsyncGenerator[Delta, None]:
        """An entry `a b !` breaks after its pieces, with an outage."""
        self._note(idempotency_key, options)
        try:
            text = await self._text()
            for word in text.split():
                if word == "!":
                    raise ProviderUnavailableError("broke off", reason="connection", partial=True)
                yield Delta(text=word)
            yield Delta(completion=Completion(texts=(text,), cut=(False,), model=self.name, usage=self.usage))
        finally:
            self.closed += 1

    def _note(self, key: str, options: ChatOptions) -> None:
        self.calls.append((key, options))
        self.called.set()

    async def _text(self) -> str:
        step = self._script[min(len(self.calls), len(self._script)) - 1]
        if isinstance(step, Hang):
            step.reached.set()
            try:
                await step.release.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            return f"{self.name} at last"
        if isinstance(step, ProviderError):
            raise step
        return step

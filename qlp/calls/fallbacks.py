"""The models of a tier as one provider: the next is asked when one cannot answer, or answers too slowly."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from qlp.calls.race import Race, Way
from qlp.errors import ProviderError
from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Completion, Delta, Message, Provider, StreamingProvider


def unknown_cost(_: Provider) -> Usage:
    """Of a call that was broken off: it was made, and nobody says what it cost."""
    return Usage(calls=1, cost_usd=None)


@dataclass
class _Opened:
    """A stream whose first piece is there."""

    first: Delta
    rest: AsyncIterator[Delta]


class FallbackChain:
    """Asks `links` in order. The deadline of the call covers the whole chain; a link leaves a third of what is left
    to those behind it.

    With `hedge_after_s` the second link is asked beside the first one when that has not answered (streams: not begun)
    by then; the first good answer wins and the other call is cancelled. `Completion.fallbacks` names every model that
    was asked and did not answer, with the reason (`reason_to_fall_back` says which faults count); its usage includes
    what those are known to have cost, and is of unknown cost if one was broken off whose cost `aborted` cannot tell.
    """

    def __init__(
        self,
        links: Sequence[Provider | StreamingProvider],
        *,
        hedge_after_s: float | None = None,
        aborted: Callable[[Provider], Usage] = unknown_cost,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not links:
            raise ValueError("a chain needs at least one link")
        self._links = tuple(links)
        self._hedge_after_s = hedge_after_s
        self._aborted = aborted
        self._clock = clock

    @property
    def name(self) -> str:
        """Of the first link; the completion says which one answered."""
        return self._links[0].name

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """Raises the last link's ProviderError, its `extra["fallbacks"]` tells of those before. Link i > 0 is asked
        under `<key>:link<i>`, since a key names one call."""

        def way(index: int, link: Provider) -> Way[Completion]:
            async def ask(seconds: float) -> Completion:
                within = options.model_copy(update={"timeout_s": seconds})
                return await link.complete(messages, within, idempotency_key=_key(idempotency_key, index))

            return Way(link.name, ask, lambda: self._aborted(link))

        async def drop(completion: Completion) -> Usage:
            return completion.usage

        ways = [way(i, link) for i, link in enumerate(self._links)]
        race = Race(ways, options.timeout_s, self._hedge_after_s, drop)
        race.clock = self._clock
        return _noted(await race.run(), race)

    async def stream(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> AsyncGenerator[Delta, None]:
        """Once a piece has been sent the model is settled: what fails later is the caller's."""

        def way(index: int, link: StreamingProvider) -> Way[_Opened]:
            async def ask(seconds: float) -> _Opened:
                within = options.model_copy(update={"timeout_s": seconds})
                rest = link.stream(messages, within, idempotency_key=_key(idempotency_key, index))
                try:
                    return _Opened(await anext(rest), rest)
                except StopAsyncIteration:
                    raise ProviderError(f"{link.name} ended its stream without an answer", reason="bad_reply") from None
                except BaseException:
                    await _close(rest)
                    raise

            return Way(link.name, ask, lambda: self._aborted(link))

        async def drop(opened: _Opened) -> Usage:
            await _close(opened.rest)
            last = opened.first.completion
            return last.usage if last else Usage(calls=1, cost_usd=None)

        links: Sequence[StreamingProvider] = self._links  # type: ignore[assignment]
        ways = [way(i, link) for i, link in enumerate(links)]
        race = Race(ways, options.timeout_s, self._hedge_after_s, drop)
        race.clock = self._clock
        opened = await race.run()
        try:
            yield _noted_last(opened.first, race)
            async for delta in opened.rest:
                yield _noted_last(delta, race)
        finally:
            await _close(opened.rest)


def _key(key: str, index: int) -> str:
    return f"{key}:link{index}" if index else key


def _noted(completion: Completion, race: Race[Completion] | Race[_Opened]) -> Completion:
    if not race.fallbacks:
        return completion
    return completion.model_copy(
        update={
            "fallbacks": (*race.fallbacks, *completion.fallbacks),
            "usage": race.spent + completion.usage,
        }
    )


def _noted_last(delta: Delta, race: Race[_Opened]) -> Delta:
    if delta.completion is None:
        return delta
    return delta.model_copy(update={"completion": _noted(delta.completion, race)})


async def _close(stream: AsyncIterator[Delta]) -> None:
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()

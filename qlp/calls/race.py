"""Several ways to one answer: the next is tried when one fails, or beside it when it is slow; the first good one
wins."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from qlp.errors import (
    ProviderError,
    ProviderRateLimitError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    QLPError,
)
from qlp.models import Usage
from qlp.providers.protocol import Fallback
from qlp.providers.reply import usage_of

logger = logging.getLogger(__name__)
T = TypeVar("T")
Reason = Literal["rate_limit", "context_length", "content_policy", "outage", "hedged"]

SHARE = 2 / 3
"""Part of the time that is left which a link may take while others wait behind it; the last one may take all."""
LEAST_S = 0.5
"""With less time than this left no further model is asked."""


def reason_to_fall_back(error: ProviderError) -> Reason | None:
    """Why another model may answer what this one could not; None: the error is the caller's.

    Not for `auth` and `not_found`: they are the operator's mistakes, and a chain that hid them would send everything
    to the (dearer, or weaker) next model for weeks. Not for `refused` and `unsupported`: the request is wrong for the
    model that was chosen, which the caller must know. Not for `bad_reply`: the endpoint works and the turn was paid
    for; the agent asks again with what was wrong.
    """
    if isinstance(error, ProviderRateLimitError):
        return "rate_limit"
    if isinstance(error, ProviderTimeoutError | ProviderUnavailableError):
        return "outage"
    match error.extra.get("reason"):
        case "context_length":
            return "context_length"
        case "content_policy":
            return "content_policy"
        case "connection" | "breaker_open":
            return "outage"
    return None


@dataclass(frozen=True)
class Way(Generic[T]):
    """One model, asked with so many seconds to answer. `aborted` is what it may have cost if it was cancelled."""

    name: str
    ask: Callable[[float], Awaitable[T]]
    aborted: Callable[[], Usage]


@dataclass
class Race(Generic[T]):
    """How it went, for the record and the bill."""

    ways: Sequence[Way[T]]
    timeout_s: float
    hedge_after_s: float | None = None
    drop: Callable[[T], Awaitable[Usage]] | None = None
    """Ends an answer that came in second, and says what it cost."""
    clock: Callable[[], float] = time.monotonic
    fallbacks: list[Fallback] = field(default_factory=list)
    spent: Usage = field(default_factory=Usage)
    """On models whose answer is not used."""

    async def run(self) -> T:
        """The first good answer. Raises the last error, with `extra["fallbacks"]`, when no way is left; at once what
        is no reason to fall back. Whatever happens, nothing runs on afterwards."""
        deadline = self.clock() + self.timeout_s
        running: dict[asyncio.Task[T], int] = {}
        following = 0
        hedge = self.hedge_after_s
        try:
            while True:
                if not running:
                    running[self._start(following, deadline)] = following
                    following += 1
                hedging = hedge is not None and following < len(self.ways)
                done, _ = await asyncio.wait(
                    running, timeout=hedge if hedging else None, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    running[self._start(following, deadline)] = following
                    following += 1
                    hedge = None  # one hedge a call
                for task in sorted(done, key=running.__getitem__):
                    index = running.pop(task)
                    try:
                        answer = task.result()
                    except QLPError as error:
                        out_of_time = deadline - self.clock() < LEAST_S
                        last = not running and (following == len(self.ways) or out_of_time)
                        self._failed(index, error, last=last, older=any(i < index for i in running.values()))
                        continue
                    await self._leave(running, slower=True)
                    return answer
        finally:
            await self._leave(running, slower=False)

    def _start(self, index: int, deadline: float) -> asyncio.Task[T]:
        way = self.ways[index]
        left = max(deadline - self.clock(), 0.001)
        mine = left if index + 1 == len(self.ways) else left * SHARE
        return asyncio.create_task(_awaited(way.ask(mine)), name=f"ask.{way.name}")

    def _failed(self, index: int, error: QLPError, *, last: bool, older: bool) -> None:
        """Note it and return, or raise. `older`: one that was asked before is still at work."""
        reason = reason_to_fall_back(error) if isinstance(error, ProviderError) else None
        if reason is None and older:
            # The hedge was our idea: what is wrong with it must not end a call that may succeed.
            logger.warning("%s, asked as a hedge: %s", self.ways[index].name, error.detail)
            reason = "hedged"
        spent = usage_of(error) if isinstance(error, ProviderError) else Usage()
        if reason is None or last:
            if self.fallbacks:
                error.extra["fallbacks"] = [f.model_dump(mode="json") for f in self.fallbacks]
            if self.spent != Usage():
                error.extra["usage"] = (self.spent + spent).model_dump(mode="json")
            raise error
        self.spent += spent
        self.fallbacks.append(Fallback(model=self.ways[index].name, reason=reason, detail=error.detail))

    async def _leave(self, running: dict[asyncio.Task[T], int], *, slower: bool) -> None:
        """Cancel those that still run and wait until they have really ended."""
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        for task, index in list(running.items()):
            way = self.ways[index]
            if task.cancelled():
                self.spent += way.aborted()
            elif (failed := task.exception()) is not None:
                self.spent += usage_of(failed) if isinstance(failed, ProviderError) else way.aborted()
            else:
                self.spent += way.aborted() if self.drop is None else await self.drop(task.result())
            if slower:
                detail = f"no answer in time: two models were asked after {self.hedge_after_s:g} s, this one was slower"
                self.fallbacks.append(Fallback(model=way.name, reason="hedged", detail=detail))
        running.clear()


async def _awaited(answer: Awaitable[T]) -> T:
    return await answer

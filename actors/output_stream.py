"""A job's output in pieces that are worth a message each, and its result at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

from qlp.sandbox.protocol import OutputListener, Stream

T = TypeVar("T")

GATHER_S = 0.03
"""How long output is gathered before it is sent, seconds: an actor's message costs a millisecond."""

Pieces = list[tuple[Stream, bytes]]


async def stream(work: Callable[[OutputListener], Awaitable[T]]) -> AsyncGenerator[Pieces | T, None]:
    """Pieces in order, neighbours of one stream joined, then what `work` returned. Closing it cancels the work."""
    gathered: Pieces = []
    heard = asyncio.Event()

    def listen(stream: Stream, data: bytes) -> None:
        if gathered and gathered[-1][0] == stream:
            gathered[-1] = (stream, gathered[-1][1] + data)
        else:
            gathered.append((stream, data))
        heard.set()

    task = asyncio.ensure_future(work(listen))
    task.add_done_callback(lambda _: heard.set())
    try:
        while not task.done():
            await heard.wait()
            await asyncio.wait([task], timeout=GATHER_S)
            heard.clear()
            if gathered:
                out, gathered = gathered, []
                yield out
        yield task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])

"""Pieces that come one token at a time, sent on together: each crossing of an actor boundary costs a millisecond."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

WAITING = 256
"""Pieces that may wait for a slow reader; then the source waits too."""


async def framed(pieces: AsyncGenerator[str, None], window_s: float) -> AsyncGenerator[bytes, None]:
    """The first piece at once, then what came within each `window_s`, as UTF-8.

    When the reader goes away, `pieces` is cancelled where it waits and closed before this generator ends.
    Raises what `pieces` raises, after everything that came before it.
    """
    waiting: list[str] = []
    something, room = asyncio.Event(), asyncio.Event()
    room.set()

    async def pump() -> None:
        async with aclosing(pieces):
            async for piece in pieces:
                waiting.append(piece)
                something.set()
                if len(waiting) >= WAITING:
                    room.clear()
                    await room.wait()

    source = asyncio.ensure_future(pump())
    source.add_done_callback(lambda _: something.set())
    loop = asyncio.get_running_loop()
    next_at = loop.time()
    try:
        while not source.done() or waiting:
            await something.wait()
            if (rest := next_at - loop.time()) > 0 and not source.done():
                await asyncio.wait([source], timeout=rest)
            something.clear()
            frame = "".join(waiting).encode()
            waiting.clear()
            room.set()
            if frame:
                next_at = loop.time() + window_s
                yield frame
        await source
    finally:
        if not source.done():
            source.cancel()
            await asyncio.wait([source])

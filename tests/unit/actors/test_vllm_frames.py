from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from actors.vllm import frames as frames_module
from actors.vllm.frames import framed

pytestmark = pytest.mark.unit


class Source:
    """Pieces that the test lets through one at a time, and what became of the generator."""

    def __init__(self) -> None:
        self.gate: asyncio.Queue[str | None] = asyncio.Queue()
        self.cancelled = False
        self.closed = False

    async def pieces(self) -> AsyncGenerator[str, None]:
        try:
            while (piece := await self.gate.get()) is not None:
                yield piece
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.closed = True

    def give(self, *pieces: str | None) -> None:
        for piece in pieces:
            self.gate.put_nowait(piece)


async def test_the_first_piece_goes_at_once_and_the_next_ones_together() -> None:
    source = Source()
    frames = framed(source.pieces(), window_s=0.05)
    source.give("a")
    assert await anext(frames) == b"a"
    source.give("b", "c", "é", None)
    assert await anext(frames) == "bcé".encode()
    with pytest.raises(StopAsyncIteration):
        await anext(frames)


async def test_the_end_waits_for_no_window() -> None:
    source = Source()
    source.give("a", "b", None)
    assert b"".join([frame async for frame in framed(source.pieces(), window_s=3600)]) == b"ab"


async def test_a_reader_that_leaves_cancels_the_source_where_it_waits() -> None:
    source = Source()
    frames = framed(source.pieces(), window_s=0)
    source.give("a")
    assert await anext(frames) == b"a"
    await frames.aclose()  # type: ignore[attr-defined]
    assert source.cancelled
    assert source.closed


async def test_a_source_that_nobody_reads_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_module, "WAITING", 4)
    source = Source()
    frames = framed(source.pieces(), window_s=0)
    source.give(*"abcdefghij", None)
    assert await anext(frames)
    await asyncio.sleep(0.01)
    assert source.gate.qsize() > 0
    rest = [frame async for frame in frames]
    assert b"".join(rest).endswith(b"j")


async def test_what_came_before_a_fault_is_sent_first() -> None:
    async def breaks() -> AsyncGenerator[str, None]:
        yield "a"
        raise ValueError("broken")

    frames = framed(breaks(), window_s=0)
    assert await anext(frames) == b"a"
    with pytest.raises(ValueError, match="broken"):
        await anext(frames)

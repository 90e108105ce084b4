"""Output on its way across an actor's boundary: in order, in few pieces, and cancelled with its reader."""

from __future__ import annotations

import asyncio

import pytest

from actors.output_stream import stream
from qlp.sandbox.protocol import OutputListener

pytestmark = pytest.mark.unit


async def test_neighbours_are_joined_and_the_result_comes_last() -> None:
    async def work(listen: OutputListener) -> str:
        for n in range(100):
            listen("stdout", b"%d " % n)
        listen("stderr", b"oops")
        await asyncio.sleep(0.1)
        listen("stdout", b"late")
        return "done"

    items = [item async for item in stream(work)]
    assert items[-1] == "done"
    pieces = [piece for item in items[:-1] if isinstance(item, list) for piece in item]
    said = b"".join(b"%d " % n for n in range(100))
    assert pieces == [("stdout", said), ("stderr", b"oops"), ("stdout", b"late")]


async def test_what_is_said_in_the_last_moment_is_heard() -> None:
    async def work(listen: OutputListener) -> str:
        listen("stdout", b"bye")
        return "done"

    assert [item async for item in stream(work)] == [[("stdout", b"bye")], "done"]


async def test_an_error_comes_out_after_the_output() -> None:
    async def work(listen: OutputListener) -> str:
        listen("stdout", b"before")
        raise ValueError("ours")

    items = stream(work)
    assert await anext(items) == [("stdout", b"before")]
    with pytest.raises(ValueError, match="ours"):
        await anext(items)


async def test_a_reader_that_leaves_cancels_the_work() -> None:
    cancelled = asyncio.Event()

    async def work(listen: OutputListener) -> str:
        listen("stdout", b"first")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    items = stream(work)
    assert await anext(items) == [("stdout", b"first")]
    await items.aclose()
    assert cancelled.is_set()

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from qlp.providers.sse import LONGEST, ServerEvent, events, looks_like_events
from qlp.providers.transport import ReplyTooLargeError

pytestmark = pytest.mark.unit
STREAM = (
    "\ufeff: a comment\r\nevent: start\r\ndata: {\"t\": \"é€😀\"}\r\n\r\n"
    "data: one\ndata: two\n\n"
    ":ping\n\n"
    "retry: 5\nid: 7\ndata:tight\n\n"
    "id: 7\ndata:tight\n\n"
    "id: 8\ndata: three\r\rdata: old mac\r\r"
)  # fmt: skip
EXPECTED = [
    ServerEvent("start", '{"t": "é€😀"}'),
    ServerEvent("", "one\ntwo"),
    ServerEvent("", "tight", "7"),
    ServerEvent("", "three", "8"),
    ServerEvent("", "old mac"),
]


async def chunks(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read(data: bytes, size: int) -> list[ServerEvent]:
    return [event async for event in events(chunks(data, size))]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
async def test_events_are_the_same_however_they_are_cut_into_chunks(size: int) -> None:
    assert await read(STREAM.encode(), size) == EXPECTED


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize(
    ("data", "count"), [(b"data: half", 0), (b"data: a\n\ndata: half", 1), (b"data: [DONE]\n", 1), (b"", 0)]
)
async def test_a_last_event_counts_when_its_line_is_whole(data: bytes, count: int, size: int) -> None:
    assert len(await read(data, size)) == count


async def test_bytes_that_are_no_text_do_not_end_the_stream() -> None:
    assert await read(b"data: \xff\xfe\n\ndata: b\n\n", 3) == [ServerEvent("", "\ufffd\ufffd"), ServerEvent("", "b")]


@pytest.mark.parametrize("line", [b"data: " + b"x" * 1000, b"data: " + b"x" * 1000 + b"\n"])
async def test_an_event_without_end_is_too_large(line: bytes) -> None:
    with pytest.raises(ReplyTooLargeError):
        await read(line * (LONGEST // 1000 + 1), 100_000)


@pytest.mark.parametrize(
    ("start", "yes"),
    [(b"data: {}", True), (b"\n: ping", True), (b"event: x", True), (b"<html>", False), (b'{"a": 1}', False)],
)
def test_a_stream_is_known_by_its_start(start: bytes, yes: bool) -> None:
    assert looks_like_events(start) is yes

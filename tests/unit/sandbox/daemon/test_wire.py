"""What sandboxd does with packets that nobody sane sends."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from qlp.errors import InputError, OverloadedError, SandboxProtocolError, SandboxUnavailableError
from qlp.sandbox.daemon.packets import MAX_PACKET, PacketError, Packets
from qlp.sandbox.daemon.wire import Acquire, Refused, Release, Stats, id_of, raised, read_answer, read_ask, refused

pytestmark = pytest.mark.unit

ACQUIRE = {"op": "acquire", "id": 1, "profile": "python", "tenant": "t"}


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Packets, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    packets = Packets(ours)
    yield packets, theirs
    packets.close()
    theirs.close()


async def test_a_packet_arrives_whole(pair: tuple[Packets, socket.socket]) -> None:
    packets, theirs = pair
    theirs.send(json.dumps(ACQUIRE).encode())
    theirs.send(json.dumps({**ACQUIRE, "id": 2}).encode())
    assert await packets.receive() == (ACQUIRE, [])
    assert (await packets.receive() or ({}, []))[0]["id"] == 2
    theirs.close()
    assert await packets.receive() is None


@pytest.mark.parametrize(
    "data",
    [b"{", b"[]", b"null", b"\xff\xfe", b"[" * 10_000, b'{"a": 1}x', b" " * (MAX_PACKET + 1), b'{"a":"\\ud800'],
    ids=["cut", "array", "null", "no utf-8", "deep", "more", "huge", "half"],
)
async def test_what_is_no_packet_is_refused(pair: tuple[Packets, socket.socket], data: bytes) -> None:
    packets, theirs = pair
    theirs.send(data)
    with pytest.raises(PacketError):
        await packets.receive()


async def test_descriptors_that_nobody_asked_for_do_not_stay_open(pair: tuple[Packets, socket.socket]) -> None:
    packets, theirs = pair
    read, write = os.pipe()
    socket.send_fds(theirs, [b"{}"], [write])
    os.close(write)
    with pytest.raises(PacketError):
        await packets.receive()
    assert os.read(read, 1) == b"", "the last copy of the other end is closed"
    os.close(read)


async def test_a_reader_that_does_not_read_is_given_up(pair: tuple[Packets, socket.socket]) -> None:
    packets, _ = pair

    async def flood() -> None:
        for _ in range(10_000):
            await packets.send({"x": "y" * 8000}, timeout_s=0.2)

    with pytest.raises(TimeoutError):
        await flood()


async def test_closing_wakes_who_waits(pair: tuple[Packets, socket.socket]) -> None:
    packets, _ = pair
    waiting = asyncio.create_task(packets.receive())
    await asyncio.sleep(0)
    packets.close()
    with pytest.raises(ConnectionError):
        await waiting


def test_the_vocabulary() -> None:
    assert isinstance(read_ask(ACQUIRE), Acquire)
    assert isinstance(read_ask({"op": "release", "id": 1, "container": "x"}), Release)
    assert isinstance(read_ask({"op": "stats", "id": 1}), Stats)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"op": "create", "id": 1},
        {**ACQUIRE, "id": -1},
        {**ACQUIRE, "id": "1; drop"},
        {**ACQUIRE, "image": "evil"},
        {**ACQUIRE, "options": {"Privileged": True}},
        {**ACQUIRE, "limits": {"memory_mb": "much"}},
        {**ACQUIRE, "limits": {"HostConfig": {}}},
        {**ACQUIRE, "profile": "x" * 1000},
        {**ACQUIRE, "profile": None},
        {**ACQUIRE, "runtime": ["runc"]},
        {"op": "release", "id": 1},
        {"op": "stats", "id": 1, "all": True},
    ],
)
def test_there_is_nothing_else_to_ask_for(message: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="sandboxd does not take"):
        read_ask(message)


@pytest.mark.parametrize("id", [None, 0, -5, 2**60, "1", 1.5, [1]])
def test_an_unreadable_id_is_answered_as_zero(id: object) -> None:
    assert id_of({"id": id}) == 0


def test_errors_keep_their_class() -> None:
    back = raised(refused(7, OverloadedError("full", retry_after_s=2, thing=object())))
    assert isinstance(back, OverloadedError)
    assert back.extra == {"retry_after_s": 2}
    unknown = raised(Refused(id=1, error="no_such_code", detail="?"))
    assert isinstance(unknown, SandboxUnavailableError)


@pytest.mark.parametrize(
    "message", [{}, {"id": 1}, {"id": 1, "isolation": 5}, {"id": 1, "stats": {}}, {"id": 1, "error": "x"}]
)
def test_an_answer_that_nobody_can_read_is_a_protocol_error(message: dict[str, Any]) -> None:
    with pytest.raises(SandboxProtocolError):
        read_answer(message)

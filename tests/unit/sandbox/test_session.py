"""The host's end against a runner that lies, stalls or dies."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from qlp.errors import SandboxProtocolError, SandboxUnavailableError
from qlp.models import Isolation
from qlp.sandbox import Command, Limits, session
from qlp.sandbox.inside import frames
from qlp.sandbox.protocol import Job

pytestmark = pytest.mark.unit

ISOLATION = Isolation(backend="bubblewrap", runtime="fake", image="fake", image_digest="fake")
Answer = Callable[[dict[str, Any]], bytes | None]


class FakeStream:
    """Answers each frame with what the test says."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._parser = frames.Parser()
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        self.seen: list[dict[str, Any]] = []
        self.closed = False

    async def read(self) -> bytes:
        return await self._out.get()

    async def write(self, data: bytes) -> None:
        for header, _ in self._parser.feed(data):
            self.seen.append(header)
            reply = self._answer(header)
            if reply is not None:
                self._out.put_nowait(reply)

    async def close(self) -> None:
        self.closed = True

    def end(self) -> None:
        self._out.put_nowait(b"")


async def why() -> str:
    return "the engine went away; start it again"


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[Answer], tuple[session.Session, FakeStream]]]:
    made: list[session.Session] = []

    def make(answer: Answer) -> tuple[session.Session, FakeStream]:
        stream = FakeStream(answer)
        made.append(session.Session(stream, ISOLATION, Limits(wall_s=1), diagnose=why))
        return made[-1], stream

    yield make
    for one in made:
        await one.close()


def result(id: int, **changes: Any) -> bytes:
    header = {
        "id": id, "exit_code": 0, "signal": None, "timed_out": False, "oom": False, "truncated": False,
        "wall_s": 0.1, "cpu_s": 0.1, "max_rss_bytes": 1, "sizes": [1, 1],
    }  # fmt: skip
    return frames.pack({**header, **changes}, b"oe")


async def test_replies_find_their_requests_in_any_order(opened: Any) -> None:
    held: list[int] = []

    def answer(header: dict[str, Any]) -> bytes | None:
        held.append(header["id"])
        if len(held) < 3:
            return None
        return b"".join(result(id, exit_code=id) for id in reversed(held))

    box, _ = opened(answer)
    results = await asyncio.gather(*(box.run(Command(argv=("x",))) for _ in range(3)))
    assert [r.exit_code for r in results] == [1, 2, 3]
    assert (results[0].stdout, results[0].stderr) == (b"o", b"e")


async def test_a_stream_that_ends_fails_everything_in_flight_and_says_why(opened: Any) -> None:
    box, stream = opened(lambda header: None)
    tasks = [asyncio.create_task(box.run(Command(argv=("x",)))) for _ in range(3)]
    await asyncio.sleep(0.01)
    stream.end()
    for task in tasks:
        with pytest.raises(SandboxUnavailableError, match="start it again"):
            await task
    with pytest.raises(SandboxUnavailableError, match="start it again"):
        await box.get("x")


async def test_no_answer_is_an_error_and_ends_the_session(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_GRACE_S", 0.05)
    box, _ = opened(lambda header: None)
    with pytest.raises(SandboxProtocolError, match="did not answer"):
        await box.run(Command(argv=("x",), wall_s=0.01))
    with pytest.raises(SandboxProtocolError):
        await box.run(Command(argv=("x",)))


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 500 garbage and more garbage",
        frames.pack({"id": 1}),
        frames.pack({"id": 1, "sizes": [1, 1], "exit_code": "zero"}, b"oe"),
        frames.pack({"id": 1, "sizes": [5, 5]}, b"oe"),
        frames.pack({"id": 1, "sizes": "oe"}, b"oe"),
    ],
)
async def test_a_malformed_reply_is_never_taken_for_a_result(opened: Any, reply: bytes) -> None:
    box, _ = opened(lambda header: reply)
    with pytest.raises(SandboxProtocolError):
        await asyncio.wait_for(box.run(Command(argv=("x",))), 5)


async def test_an_extra_field_is_malformed(opened: Any) -> None:
    box, _ = opened(lambda header: result(header["id"], verified=True))
    with pytest.raises(SandboxProtocolError):
        await box.run(Command(argv=("x",)))


async def test_replies_to_nobody_are_ignored(opened: Any) -> None:
    box, _ = opened(lambda header: frames.pack({"id": 999}) + frames.pack({"no": "id"}) + result(header["id"]))
    assert (await box.run(Command(argv=("x",)))).ok


async def test_cancelling_tells_the_runner(opened: Any) -> None:
    box, stream = opened(lambda header: None)
    task = asyncio.create_task(box.run(Command(argv=("x",))))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.seen[-1]["op"] == "cancel"
    assert stream.seen[-1]["target"] == stream.seen[0]["id"]


async def test_a_command_cannot_ask_for_more_time_than_the_limit(opened: Any) -> None:
    box, stream = opened(lambda header: result(header["id"]))
    await box.run(Command(argv=("x",), wall_s=1000))
    assert stream.seen[0]["wall_s"] == 1


# --- jobs ----------------------------------------------------------------------------------------------------------

JOB = Job(commands=(Command(argv=("x",)),), fetch=("a",))


def job_reply(id: int, payload: bytes = b"oeART", **changes: Any) -> bytes:
    one = {
        "exit_code": 0, "signal": None, "timed_out": False, "oom": False, "truncated": False,
        "wall_s": 0.1, "cpu_s": 0.1, "max_rss_bytes": 1, "sizes": [1, 1],
    }  # fmt: skip
    header = {"id": id, "results": [one], "artefacts": [["a", 3]], "missing": {}}
    return frames.pack({**header, **changes}, payload)


@pytest.fixture
def isolating(opened: Any) -> Callable[[Answer], session.Session]:
    def make(answer: Answer) -> session.Session:
        box: session.Session = opened(answer)[0]
        box.isolation = ISOLATION.model_copy(update={"job_namespaces": True})
        return box

    return make


async def test_output_is_told_in_order_before_the_reply_and_never_after(isolating: Any) -> None:
    def answer(header: dict[str, Any]) -> bytes:
        assert header["stream"]
        pieces = [
            frames.pack({"id": header["id"], "event": "output", "stream": stream}, data)
            for stream, data in (("stdout", b"1"), ("stderr", b"2"), ("stdout", b"3"))
        ]
        return b"".join((*pieces, job_reply(header["id"]), pieces[0]))

    heard: list[tuple[str, bytes]] = []
    result = await isolating(answer).job(JOB, on_output=lambda stream, data: heard.append((stream, data)))
    assert heard == [("stdout", b"1"), ("stderr", b"2"), ("stdout", b"3")]
    assert result.artefacts == {"a": b"ART"}
    await asyncio.sleep(0.01)
    assert len(heard) == 3


async def test_a_tainted_sandbox_serves_no_further_job(isolating: Any) -> None:
    box = isolating(lambda header: job_reply(header["id"], tainted=True, why="a file is left"))
    assert (await box.job(JOB)).last.ok
    assert (box.healthy, box.ailment) == (False, "check")
    with pytest.raises(SandboxUnavailableError, match="check"):
        await box.job(JOB)


@pytest.mark.parametrize(
    "change",
    [
        {"results": []},
        {"results": None},
        {"artefacts": [["a", 4]]},
        {"artefacts": [["a", 2]]},
        {"artefacts": [["a", -1]]},
        {"missing": 3},
        {"payload": b""},
    ],
)
async def test_a_malformed_reply_of_a_job_ends_the_session(isolating: Any, change: dict[str, Any]) -> None:
    box = isolating(lambda header: job_reply(header["id"], **change))
    with pytest.raises(SandboxProtocolError):
        await asyncio.wait_for(box.job(JOB), 5)
    assert (box.healthy, box.ailment) == (False, "late")


async def test_why_a_sandbox_is_not_well_is_told(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_GRACE_S", 0.05)
    late, _ = opened(lambda header: None)
    with pytest.raises(SandboxProtocolError):
        await late.run(Command(argv=("x",), wall_s=0.01))
    lost, stream = opened(lambda header: None)
    stream.end()
    with pytest.raises(SandboxUnavailableError):
        await lost.run(Command(argv=("x",)))
    full, _ = opened(lambda header: result(header["id"], oom=True, exit_code=None, signal=9))
    assert full.healthy
    await full.run(Command(argv=("x",)))
    assert [box.ailment for box in (late, lost, full)] == ["late", "lost", "oom"]
    assert not any(box.healthy for box in (late, lost, full))

"""Parts of the runner that can be tried outside of a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from qlp.sandbox.inside import interpreter
from qlp.sandbox.inside.capture import Capture, Feed
from qlp.sandbox.inside.loop import READ, Loop
from qlp.sandbox.inside.memory import OomCounter
from qlp.sandbox.inside.postcheck import PostCheck

pytestmark = pytest.mark.unit


def test_the_check_after_a_job_finds_what_is_left(tmp_path: Path) -> None:
    """In a process of its own: this one may have children that are none of the check's business."""
    pid = os.fork()
    if pid == 0:
        ended = 1
        try:
            with pytest.MonkeyPatch.context() as patch:
                _leave_things(tmp_path, patch)
            ended = 0
        finally:
            if ended:
                traceback.print_exc()
            os._exit(ended)
    assert os.waitpid(pid, 0)[1] == 0


def _leave_things(tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    used = [100, 200]

    patch.setattr(os, "statvfs", lambda folder: type("P", (), {"f_bfree": used[0], "f_ffree": used[1]}))
    check = PostCheck(str(tmp_path))
    check.before(alone=True)
    assert check.after(alone=True) == ""
    leaked = os.dup(2)
    assert check.after(alone=True) == "a descriptor is left"
    os.close(leaked)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert check.after(alone=True) == "a process is left"
    assert check.after(alone=False) == "", "somebody else's"
    child.communicate(b"\n")
    used[1] -= 1
    assert check.after(alone=True) == "a file is left"
    check.disturbed()
    check.before(alone=False)
    assert check.after(alone=True) == "", "a session may leave what it likes"
    check.before(alone=True)
    assert check.after(alone=True) == ""


def test_output_is_kept_up_to_the_cap_and_told_as_far_as_it_is_kept() -> None:
    out_r, out_w = os.pipe()
    err_r, err_w = os.pipe()
    os.set_blocking(out_r, False)
    heard: list[tuple[str, bytes]] = []
    capture = Capture(out_r, err_r, 5, lambda stream, data: heard.append((stream, data)))
    capture.readable(out_r)
    os.write(out_w, b"abc")
    capture.readable(out_r)
    os.write(out_w, b"defg")
    capture.readable(out_r)
    os.write(out_w, b"hi")
    capture.readable(out_r)
    os.write(err_w, b"e")
    capture.readable(err_r)
    os.close(out_w)
    capture.readable(out_r)
    assert capture.open == {err_r}
    capture.close()
    os.close(err_w)
    assert (capture.result(), capture.truncated) == (([5, 1], b"abcdee"), True)
    assert heard == [("stdout", b"abc"), ("stdout", b"de"), ("stderr", b"e")]


def test_input_that_nobody_reads_is_given_up() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    feed = Feed(writer, b"x" * 1_000_000)
    for _ in range(100):
        feed.writable()
    assert feed.fd == writer, "the pipe is full, and we wait"
    os.close(reader)
    feed.writable()
    assert feed.fd is None


def test_an_unwatched_descriptor_calls_nobody() -> None:
    loop = Loop()
    pairs = [os.pipe(), os.pipe()]
    seen: list[int] = []

    def first_only(fd: int) -> None:
        seen.append(fd)
        loop.unwatch(reader for reader, _ in pairs)

    for reader, writer in pairs:
        loop.watch(reader, READ, first_only)
        os.write(writer, b"x")
    loop.wait(1)
    loop.wait(0)
    assert len(seen) == 1
    for fd in (fd for pair in pairs for fd in pair):
        os.close(fd)


def test_kills_for_memory_are_read_from_either_version(tmp_path: Path) -> None:
    v2, v1 = tmp_path / "memory.events", tmp_path / "memory.oom_control"
    assert OomCounter([str(v2), str(v1)]).kills() == 0
    v1.write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
    counter = OomCounter([str(v2), str(v1)])
    assert counter.kills() == 3
    v1.write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 14\n")
    assert counter.kills() == 14
    v2.write_text("low 0\nhigh 0\nmax 5\noom 2\noom_kill 1\noom_group_kill 0\n")
    assert OomCounter([str(v2), str(v1)]).kills() == 1


@pytest.mark.parametrize(
    ("argv", "taken"),
    [
        (["python3", "main.py", "-x"], True),
        (["python", "a/b.py"], True),
        (["python3", "-c", "1"], False),
        (["python3", "-m", "x"], False),
        (["python3"], False),
        (["/usr/bin/python3", "main.py"], False),
        (["sh", "main.py"], False),
    ],
)
def test_fork_mode_takes_only_what_it_can_do(argv: list[str], taken: bool) -> None:
    assert interpreter.takes(argv) is taken

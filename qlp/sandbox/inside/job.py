"""The runner's view of a one-shot job: the pipes of its commands, its deadline and the reply it comes to."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from qlp.sandbox.inside import frames, init, kernel
from qlp.sandbox.inside.capture import Capture, Feed, Listener

_SETUP_S = 20.0
"""For the namespaces and the files, and again for the artefacts."""
_LATE_S = 3.0
"""How long after a command's deadline process 1 of the job may take to say so, before the runner ends it."""
_CHUNK = 1 << 20

Reply = tuple[dict[str, Any], bytes]


class Job:
    """Non-blocking: the runner's loop calls `readable` and `tick`; `reply` is set when nothing of it is left."""

    def __init__(
        self,
        world: init.World,
        header: dict[str, Any],
        payload: bytes,
        *,
        output_bytes: int,
        oom_kills: Callable[[], int],
        on_output: Listener | None,
    ) -> None:
        """Forks; the child does not return, in fork mode it raises init.Forked. Raises OSError."""
        self.reply: Reply | None = None
        self._walls: list[float] = [command["wall_s"] for command in header["commands"]]
        self._oom_kills = oom_kills
        self._oom_seen = oom_kills()
        self._wanted: list[str] = header["fetch"]
        self._results: list[dict[str, Any]] = []
        self._final: Reply | None = None
        self._late = False
        self._gone = False
        self._started = time.monotonic()
        self._deadline = self._started + _SETUP_S + self._walls[0] + _LATE_S
        self._captures: list[Capture] = []
        self._feeds: list[Feed] = []
        theirs: list[init.Stdio] = []
        ours: list[int] = []
        offset = sum(size for _, size, _ in header["files"])
        try:
            report, report_w = _pipe(ours)
            if header["fetch"]:
                with contextlib.suppress(OSError):  # over what a user may have: then in smaller pieces
                    fcntl.fcntl(report_w, getattr(fcntl, "F_SETPIPE_SZ", 1031), _CHUNK)
            pipes = []
            for command in header["commands"]:
                stdin = _pipe(ours) if command["stdin"] else (world.null, -1)
                out, err = _pipe(ours), _pipe(ours)
                theirs.append((stdin[0], out[1], err[1]))
                pipes.append((stdin[1], out[0], err[0]))
            self.pid = kernel.fork_into(world.namespaces)
        except OSError:
            for fd in ours:
                os.close(fd)
            raise
        if self.pid == 0:
            forked = init.Forked(world, header, payload, theirs, report_w)
            if header["fork"]:
                raise forked
            init.serve(forked)  # the memory goes with exec: no need to leave the runner's frames
        for fd in {report_w, *(fd for three in theirs for fd in three)} - {world.null}:
            os.close(fd)
        self._report = report
        self._parser = frames.Parser()
        os.set_blocking(report, False)
        for command, (stdin_w, out_r, err_r) in zip(header["commands"], pipes):  # noqa: B905  strict= is 3.10
            os.set_blocking(out_r, False)
            os.set_blocking(err_r, False)
            self._captures.append(Capture(out_r, err_r, output_bytes, on_output))
            if stdin_w >= 0:
                os.set_blocking(stdin_w, False)
                self._feeds.append(Feed(stdin_w, payload[offset : offset + command["stdin"]]))
            offset += command["stdin"]
        self._owners = {fd: capture for capture in self._captures for fd in capture.open}

    @property
    def reading(self) -> set[int]:
        """Descriptors that the loop has to watch."""
        found = {fd for capture in self._captures for fd in capture.open}
        return found | {self._report} if self._report >= 0 else found

    @property
    def writing(self) -> dict[int, Feed]:
        return {feed.fd: feed for feed in self._feeds if feed.fd is not None}

    def readable(self, fd: int) -> None:
        if fd != self._report:
            self._owners[fd].readable(fd)
            return
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            os.close(fd)
            self._report = -1
            return
        for message, payload in self._parser.feed(data):
            self._told(message, payload)

    def _told(self, message: dict[str, Any], payload: bytes) -> None:
        if "ended" not in message or "artefacts" in message:
            self._final = (message, payload)
        if "ended" not in message:
            return
        index = message["ended"]
        self._results.append(self._result(message))
        following = self._walls[index + 1] if index + 1 < len(self._walls) else 0.0
        self._deadline = time.monotonic() + _SETUP_S + following + _LATE_S

    def _result(self, message: dict[str, Any]) -> dict[str, Any]:
        status = message["status"]
        signalled = os.WIFSIGNALED(status)
        kills = self._oom_kills()
        oom = status != 0 and not message["timed_out"] and kills > self._oom_seen
        self._oom_seen = kills
        return {
            "exit_code": None if signalled else os.WEXITSTATUS(status),
            "signal": os.WTERMSIG(status) if signalled else None,
            "timed_out": message["timed_out"],
            "oom": oom,
            "wall_s": round(message["wall_s"], 6),
            "cpu_s": round(message["cpu_s"], 6),
            "max_rss_bytes": message["rss_kb"] * 1024,
        }

    def tick(self, now: float) -> float | None:
        """Enforce the deadline; the next moment at which this job needs attention, None if only its pipes matter."""
        if self.reply:
            return None
        if now >= self._deadline and not self._gone:
            self._late = True
            self.kill()
            self._deadline = float("inf")
        if self._gone and not self.reading:
            self._finish()
            return None
        return self._deadline

    def kill(self) -> None:
        """The kernel kills the whole namespace with its process 1."""
        if not self._gone:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def ended(self) -> None:
        """The runner has waited for `pid`: from now on no process of the job exists."""
        self._gone = True

    def _finish(self) -> None:
        for feed in self._feeds:
            feed.close()
        final, artefacts = self._final or ({}, b"")
        if "error" in final and not self._results:
            self.reply = (final, b"")
            return
        if "artefacts" not in final and len(self._results) < len(self._walls):
            # Process 1 of the job was ended while a command ran: by the runner, late, or by the kernel for memory.
            wall_s = time.monotonic() - self._started
            lost = {"status": int(signal.SIGKILL), "timed_out": self._late, "wall_s": wall_s, "cpu_s": 0.0, "rss_kb": 0}
            self._results.append(self._result(lost))
        told = []
        body = b""
        for result, capture in zip(self._results, self._captures):  # noqa: B905  strict= is 3.10; fewer results
            sizes, output = capture.result()
            told.append({**result, "truncated": capture.truncated, "sizes": sizes})
            body += output
        missing = final.get("missing")
        if missing is None:
            missing = dict.fromkeys(self._wanted, "the job was ended before its artefacts could be read")
        header = {"results": told, "artefacts": final.get("artefacts", []), "missing": missing}
        self.reply = (header, body + artefacts)


def _pipe(made: list[int]) -> tuple[int, int]:
    pair = os.pipe()
    made += pair
    return pair

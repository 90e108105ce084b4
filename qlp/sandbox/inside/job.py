"""The runner's view of one command: its pipes, caps, deadline and result."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from typing import Any

from qlp.sandbox.inside.supervisor import KILL_TREE, supervise

_CHUNK = 65536
_DRAIN_S = 1.0
"""After the report nobody is left to write; what the pipes still hold is read within this."""
_REPORT_S = 2.0
"""A supervisor that was told to kill has this long before it is killed itself."""


class Job:
    """Non-blocking: the runner's loop calls `readable`, `writable` and `tick`; `result` is set at the end."""

    def __init__(
        self,
        *,
        spec: dict[str, Any],
        folder: int,
        stdin: bytes,
        wall_s: float | None,
        output_bytes: int,
        oom_kills: int,
        background: bool,
    ) -> None:
        self.background = background
        self.result: tuple[dict[str, Any], bytes] | None = None
        self.main_pid = 0
        self._cap = output_bytes
        self._oom_before = oom_kills
        self._stdin = memoryview(stdin)
        self._started = time.monotonic()
        self._deadline = None if wall_s is None else self._started + wall_s
        self._kill_at: float | None = None
        self._drain_until: float | None = None
        self._ended = 0.0
        self._timed_out = False
        self._stopping = False
        self._truncated = False
        self._report: dict[str, Any] = {}
        self._report_text = bytearray()
        fds: list[int] = []
        try:
            for _ in range(4):
                fds += os.pipe()
            self.supervisor = os.fork()
        except OSError:
            for fd in fds:
                os.close(fd)
            raise
        in_r, in_w, out_r, out_w, err_r, err_w, rep_r, rep_w = fds
        if self.supervisor == 0:
            supervise(spec, folder, in_r, out_w, err_w, rep_w)
        for fd in (in_r, out_w, err_w, rep_w):
            os.close(fd)
        for fd in (in_w, out_r, err_r, rep_r):
            os.set_blocking(fd, False)
        self.stdin_fd: int | None = in_w
        self._report_fd = rep_r
        self._out = {out_r: bytearray(), err_r: bytearray()}
        self._streams = (out_r, err_r)
        self.reading = {out_r, err_r, rep_r}
        """Descriptors that the loop has to watch."""
        if not self._stdin:
            self._close_stdin()

    def writable(self) -> None:
        if self.stdin_fd is None:
            return
        try:
            self._stdin = self._stdin[os.write(self.stdin_fd, self._stdin[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # the command does not read its input; that is its right
            self._stdin = memoryview(b"")
        if not self._stdin:
            self._close_stdin()

    def readable(self, fd: int) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self.reading.discard(fd)
            os.close(fd)
            return
        if fd == self._report_fd:
            self._report_text += data
            self._read_report()
            return
        kept = self._out[fd]
        room = self._cap - len(kept)
        kept += data[:room]
        if len(data) > room:
            self._truncated = True

    def _read_report(self) -> None:
        while b"\n" in self._report_text:
            line, _, rest = bytes(self._report_text).partition(b"\n")
            self._report_text = bytearray(rest)
            message = json.loads(line)
            self.main_pid = message.get("pid", self.main_pid)
            self._report.update(message)

    def tick(self, now: float, oom_kills: int) -> float | None:
        """Enforce deadlines; the next moment at which this job needs attention, None if only its pipes matter."""
        if self.result:
            return None
        if self._deadline is not None and now >= self._deadline and not self._ended:
            self._timed_out = not self._stopping
            self.kill()
            self._deadline = None
        if self._kill_at is not None and now >= self._kill_at:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.supervisor, signal.SIGKILL)
            self._kill_at = None
        if not self._ended and (self._report_fd not in self.reading or "status" in self._report):
            self._ended = now
            self._drain_until = now + _DRAIN_S
        if self._ended and (not self.reading & set(self._streams) or now >= (self._drain_until or 0)):
            self._finish(oom_kills)
            return None
        times = [t for t in (self._deadline, self._kill_at, self._drain_until) if t is not None]
        return min(times) if times else None

    def kill(self) -> None:
        """Ask the supervisor to kill the whole tree; `tick` kills the supervisor if it does not answer."""
        if self.result or self._kill_at is not None or self._ended:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.supervisor, KILL_TREE)
        self._kill_at = time.monotonic() + _REPORT_S

    def terminate(self, grace_s: float) -> None:
        """SIGTERM to the command's process group; the whole tree is killed after `grace_s`."""
        if self.result or self._ended:
            return
        if self.main_pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.main_pid, signal.SIGTERM)
        self._deadline = time.monotonic() + grace_s
        self._stopping = True

    def _close_stdin(self) -> None:
        if self.stdin_fd is not None:
            os.close(self.stdin_fd)
            self.stdin_fd = None

    def _finish(self, oom_kills: int) -> None:
        self._close_stdin()
        for fd in self.reading:
            os.close(fd)
        self.reading = set()
        status = self._report.get("status", signal.SIGKILL)
        signalled = os.WIFSIGNALED(status)
        failed = signalled or os.WEXITSTATUS(status) != 0
        out, err = (bytes(self._out[fd]) for fd in self._streams)
        header = {
            "exit_code": None if signalled else os.WEXITSTATUS(status),
            "signal": os.WTERMSIG(status) if signalled else None,
            "timed_out": self._timed_out,
            "oom": failed and not self._timed_out and oom_kills > self._oom_before,
            "truncated": self._truncated,
            "wall_s": round(self._ended - self._started, 6),
            "cpu_s": round(self._report.get("cpu_s", 0.0), 6),
            "max_rss_bytes": self._report.get("rss_kb", 0) * 1024,
            "sizes": [len(out), len(err)],
        }
        self.result = (header, out + err)

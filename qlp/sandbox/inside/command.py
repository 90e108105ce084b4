"""The runner's view of one command of a session: its pipes, caps, deadline and result."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from qlp.sandbox.inside.become import Ceilings
from qlp.sandbox.inside.capture import Capture, Feed, Listener
from qlp.sandbox.inside.kernel import Filter
from qlp.sandbox.inside.supervisor import KILL_TREE, supervise

_CHUNK = 65536
_DRAIN_S = 1.0
"""After the report nobody is left to write; what the pipes still hold is read within this."""
_REPORT_S = 2.0
"""A supervisor that was told to kill has this long before it is killed itself."""


class Running:
    """Non-blocking: the runner's loop calls `readable`, `writable` and `tick`; `reply` is set at the end."""

    def __init__(
        self,
        *,
        argv: list[str],
        env: dict[str, str],
        ceilings: Ceilings,
        filter: Filter,
        proc: int,
        folder: int,
        stdin: bytes,
        wall_s: float | None,
        output_bytes: int,
        oom_kills: Callable[[], int],
        background: bool,
        on_output: Listener | None = None,
    ) -> None:
        self.background = background
        self.reply: tuple[dict[str, Any], bytes] | None = None
        self.main_pid = 0
        self._oom_kills = oom_kills
        self._oom_before = oom_kills()
        self._started = time.monotonic()
        self._deadline = None if wall_s is None else self._started + wall_s
        self._kill_at: float | None = None
        self._drain_until: float | None = None
        self._ended = 0.0
        self._timed_out = False
        self._stopping = False
        self._report: dict[str, Any] = {}
        self._report_text = bytearray()
        fds: list[int] = []
        try:
            for _ in range(4):
                fds += os.pipe()
            self.pid = os.fork()
        except OSError:
            for fd in fds:
                os.close(fd)
            raise
        in_r, in_w, out_r, out_w, err_r, err_w, rep_r, rep_w = fds
        if self.pid == 0:
            supervise(argv, env, folder, (in_r, out_w, err_w), rep_w, ceilings, filter, proc)
        for fd in (in_r, out_w, err_w, rep_w):
            os.close(fd)
        for fd in (in_w, out_r, err_r, rep_r):
            os.set_blocking(fd, False)
        self._feed = Feed(in_w, stdin)
        self._capture = Capture(out_r, err_r, output_bytes, on_output)
        self._report_fd = rep_r

    @property
    def reading(self) -> set[int]:
        """Descriptors that the loop has to watch."""
        return self._capture.open | {self._report_fd} if self._report_fd >= 0 else set(self._capture.open)

    @property
    def writing(self) -> dict[int, Feed]:
        return {} if self._feed.fd is None else {self._feed.fd: self._feed}

    def readable(self, fd: int) -> None:
        if fd != self._report_fd:
            self._capture.readable(fd)
            return
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if data:
            self._report_text += data
            self._read_report()
        else:
            self._close_report()

    def _close_report(self) -> None:
        if self._report_fd >= 0:
            os.close(self._report_fd)
            self._report_fd = -1

    def _read_report(self) -> None:
        while b"\n" in self._report_text:
            line, _, rest = bytes(self._report_text).partition(b"\n")
            self._report_text = bytearray(rest)
            message = json.loads(line)
            self.main_pid = message.get("pid", self.main_pid)
            self._report.update(message)

    def tick(self, now: float) -> float | None:
        """Enforce deadlines; the next moment at which this command needs attention, None if only its pipes matter."""
        if self.reply:
            return None
        if self._deadline is not None and now >= self._deadline and not self._ended:
            self._timed_out = not self._stopping
            self.kill()
            self._deadline = None
        if self._kill_at is not None and now >= self._kill_at:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._kill_at = None
        if not self._ended and (self._report_fd < 0 or "status" in self._report):
            self._ended = now
            self._drain_until = now + _DRAIN_S
        if self._ended and (not self._capture.open or now >= (self._drain_until or 0)):
            self._finish()
            return None
        times = [t for t in (self._deadline, self._kill_at, self._drain_until) if t is not None]
        return min(times) if times else None

    def kill(self) -> None:
        """Ask the supervisor to kill the whole tree; `tick` kills the supervisor if it does not answer."""
        if self.reply or self._kill_at is not None or self._ended:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, KILL_TREE)
        self._kill_at = time.monotonic() + _REPORT_S

    def terminate(self, grace_s: float) -> None:
        """SIGTERM to the command's process group; the whole tree is killed after `grace_s`."""
        if self.reply or self._ended:
            return
        if self.main_pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.main_pid, signal.SIGTERM)
        self._deadline = time.monotonic() + grace_s
        self._stopping = True

    def ended(self) -> None:
        """The runner has waited for the supervisor; the end of its report says so by itself."""

    def _finish(self) -> None:
        self._feed.close()
        self._capture.close()
        self._close_report()
        if "error" in self._report:
            self.reply = ({"error": "unavailable", "detail": f"the supervisor failed: {self._report['error']}"}, b"")
            return
        status = self._report.get("status", signal.SIGKILL)
        signalled = os.WIFSIGNALED(status)
        failed = signalled or os.WEXITSTATUS(status) != 0
        sizes, output = self._capture.result()
        header = {
            "exit_code": None if signalled else os.WEXITSTATUS(status),
            "signal": os.WTERMSIG(status) if signalled else None,
            "timed_out": self._timed_out,
            "oom": failed and not self._timed_out and self._oom_kills() > self._oom_before,
            "truncated": self._capture.truncated,
            "wall_s": round(self._ended - self._started, 6),
            "cpu_s": round(self._report.get("cpu_s", 0.0), 6),
            "max_rss_bytes": self._report.get("rss_kb", 0) * 1024,
            "sizes": sizes,
        }
        self.reply = (header, output)

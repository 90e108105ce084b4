"""Process 1 of a sandbox: takes frames from the host and runs commands, as an unprivileged user.

Being process 1 of its PID namespace it cannot be signalled from inside, and being undumpable it cannot be read from
inside. One thread, one loop; every command has a supervisor (supervisor.py). Requests: hello, put, get, run, start,
poll, stop, cancel, http. Each reply carries the request's id; failures carry `error` (input, not_found, storage,
unavailable) and `detail`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import signal
import time
from collections.abc import Callable
from typing import Any

from qlp.sandbox.inside import frames, paths
from qlp.sandbox.inside.job import Job
from qlp.sandbox.inside.probe import Probe
from qlp.sandbox.inside.supervisor import PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, kill_descendants, prctl

_STOP_GRACE_S = 2.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Reply = tuple[dict[str, Any], bytes]


class Runner:
    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._parser = frames.Parser()
        self._config: dict[str, Any] = {}
        self._root = "/"
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, list[Any]] = {}
        self._handles = 0
        self._probes: dict[int, Probe] = {}
        self._ends_at = float("inf")
        self._selector = selectors.DefaultSelector()
        self._registered: dict[int, int] = {}
        self._owners: dict[int, Any] = {}
        wake_r, wake_w = os.pipe()
        os.set_blocking(wake_r, False)
        os.set_blocking(wake_w, False)
        self._wake = wake_r
        # Process 1 gets only those signals from inside that it handles; Python would handle SIGINT.
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_w, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the host closes the stream or the lifetime ends; then everything is killed."""
        self._watch(self._source, selectors.EVENT_READ, self._from_host)
        self._watch(self._wake, selectors.EVENT_READ, lambda fd: os.read(fd, 4096))
        os.set_blocking(self._source, False)
        try:
            while time.monotonic() < self._ends_at:
                timeout = self._tick()
                for key, _ in self._selector.select(timeout):
                    owner = self._owners.get(key.fd)
                    if owner is not None:  # else closed by an event of this same round
                        owner(key.fd)
        except EOFError:
            pass
        finally:
            kill_descendants(os.getpid())

    def _watch(self, fd: int, events: int, callback: Callable[[int], Any]) -> None:
        if self._registered.get(fd) != events:
            if fd in self._registered:
                self._selector.modify(fd, events)
            else:
                self._selector.register(fd, events)
            self._registered[fd] = events
        self._owners[fd] = callback

    def _unwatch(self, fd: int) -> None:
        if fd in self._registered:
            del self._registered[fd], self._owners[fd]
            with contextlib.suppress(KeyError, OSError, ValueError):  # closed already: epoll forgot it by itself
                self._selector.unregister(fd)

    def _from_host(self, fd: int) -> None:
        try:
            data = os.read(fd, 1 << 20)
        except BlockingIOError:
            return
        if not data:
            raise EOFError
        for header, payload in self._parser.feed(data):
            self._handle(header, payload)

    def _send(self, id: Any, header: dict[str, Any], payload: bytes = b"") -> None:
        view = memoryview(frames.pack({"id": id, **header}, payload))
        while view:
            view = view[os.write(self._sink, view) :]

    def _handle(self, header: dict[str, Any], payload: bytes) -> None:
        id = header.get("id")
        try:
            reply = getattr(self, "_do_" + str(header.get("op")))(header, payload)
            if reply is not None:
                self._send(id, *reply)
        except paths.PathError as error:
            self._send(id, {"error": "input", "detail": str(error)})
        except FileNotFoundError as error:
            self._send(id, {"error": "not_found", "detail": str(error)})
        except OSError as error:
            kind = "storage" if error.errno in _FULL else "unavailable"
            self._send(id, {"error": kind, "detail": f"{header.get('op')}: {error}"})

    def _do_hello(self, header: dict[str, Any], payload: bytes) -> Reply:
        """`root`, `env`, `rlimits`, `file_bytes`, `output_bytes`, `lifetime_s`, `oom_files`, `uid` (to drop to)."""
        uid = header.get("uid")
        if uid is not None and os.getuid() == 0:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        if os.getuid() == 0:
            raise OSError(errno.EPERM, "the runner refuses to run commands as root")
        prctl(PR_SET_DUMPABLE, 0)
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        os.umask(0o022)
        self._config = header
        self._root = header["root"]
        self._ends_at = time.monotonic() + header["lifetime_s"]
        os.makedirs(header["env"]["HOME"], 0o755, exist_ok=True)
        return {"pid": os.getpid(), "uid": os.getuid()}, b""

    def _do_put(self, header: dict[str, Any], payload: bytes) -> Reply:
        offset = 0
        for path, size, executable in header["files"]:
            paths.write(self._root, path, payload[offset : offset + size], executable)
            offset += size
        return {}, b""

    def _do_get(self, header: dict[str, Any], payload: bytes) -> Reply:
        return {}, paths.read(self._root, header["path"], header["max_bytes"])

    def _do_run(self, header: dict[str, Any], payload: bytes) -> Reply | None:
        key = f"run-{header['id']}"
        failure = self._spawn(key, header, payload, background=False)
        if failure:
            return failure
        self._waiting[key] = [header["id"]]
        return None

    def _do_start(self, header: dict[str, Any], payload: bytes) -> Reply:
        self._handles += 1
        key = f"bg-{self._handles}"
        failure = self._spawn(key, header, payload, background=True)
        if failure:
            return {"error": "unavailable", "detail": failure[1].decode("utf-8", "replace")}, b""
        return {"handle": key}, b""

    def _do_poll(self, header: dict[str, Any], payload: bytes) -> Reply:
        job = self._background(header)
        return ({"running": True}, b"") if job.result is None else job.result

    def _do_stop(self, header: dict[str, Any], payload: bytes) -> Reply | None:
        job = self._background(header)
        if job.result is not None:
            return job.result
        self._waiting.setdefault(header["handle"], []).append(header["id"])
        job.terminate(_STOP_GRACE_S)
        return None

    def _do_cancel(self, header: dict[str, Any], payload: bytes) -> Reply:
        job = self._jobs.get(f"run-{header['target']}")
        if job:
            job.kill()
        return {}, b""

    def _do_http(self, header: dict[str, Any], payload: bytes) -> None:
        probe = Probe(header, payload)
        self._probes[probe.fd] = probe
        self._watch(probe.fd, selectors.EVENT_READ, lambda fd: probe.readable())

    def _background(self, header: dict[str, Any]) -> Job:
        job = self._jobs.get(header["handle"])
        if job is None or not job.background:
            raise FileNotFoundError(f"no background process {header['handle']}")
        return job

    def _spawn(self, key: str, header: dict[str, Any], stdin: bytes, background: bool) -> Reply | None:
        config = self._config
        cwd = header["cwd"]
        folder = paths.open_folder(self._root, [] if cwd in (".", "") else paths.split(cwd))
        try:
            self._jobs[key] = Job(
                spec={
                    "argv": header["argv"],
                    "env": {**config["env"], **header["env"]},
                    "rlimits": config["rlimits"],
                },
                folder=folder,
                stdin=stdin,
                wall_s=header["wall_s"],
                output_bytes=config["output_bytes"],
                oom_kills=self._oom_kills(),
                background=background,
            )
        except OSError as error:  # no process or memory left in this sandbox: the command's failure, not the sandbox's
            detail = f"qlp: cannot start: {error.strerror}\n".encode()
            header = {"exit_code": 126, "signal": None, "timed_out": False, "oom": False, "truncated": False}
            return {**header, "wall_s": 0.0, "cpu_s": 0.0, "max_rss_bytes": 0, "sizes": [0, len(detail)]}, detail
        finally:
            os.close(folder)
        return None

    def _tick(self) -> float | None:
        """Advance every job and probe; seconds until the next one needs it."""
        now = time.monotonic()
        self._sweep()
        soon = [self._ends_at]
        oom_kills = self._oom_kills()
        for key, job in list(self._jobs.items()):
            before = job.reading | ({job.stdin_fd} if job.stdin_fd is not None else set())
            wake = job.tick(now, oom_kills)
            for fd in before - job.reading - {job.stdin_fd}:
                self._unwatch(fd)
            if job.result is not None:
                self._finish(key, job)
                continue
            self._register(job)
            if wake is not None:
                soon.append(wake)
        for fd, probe in list(self._probes.items()):
            if probe.done or now >= probe.deadline:
                self._unwatch(fd)
                del self._probes[fd]
                self._send(probe.id, *probe.close())
            else:
                soon.append(probe.deadline)
        return max(0.0, min(soon) - time.monotonic()) if min(soon) != float("inf") else None

    def _register(self, job: Job) -> None:
        for fd in job.reading:
            if fd not in self._registered:
                self._watch(fd, selectors.EVENT_READ, self._reader(job))
        if job.stdin_fd is not None and job.stdin_fd not in self._registered:
            fd = job.stdin_fd
            self._watch(fd, selectors.EVENT_WRITE, self._writer(job))

    def _reader(self, job: Job) -> Callable[[int], None]:
        def read(fd: int) -> None:
            job.readable(fd)
            if fd not in job.reading:
                self._unwatch(fd)

        return read

    def _writer(self, job: Job) -> Callable[[int], None]:
        def write(fd: int) -> None:
            job.writable()
            if job.stdin_fd is None:
                self._unwatch(fd)

        return write

    def _finish(self, key: str, job: Job) -> None:
        if job.result is not None:
            for id in self._waiting.pop(key, []):
                self._send(id, *job.result)
        if not job.background:
            del self._jobs[key]

    def _sweep(self) -> None:
        """Reap; and when anything ended, kill what a dead supervisor (kill -9 -1 from inside) left to us."""
        ended = False
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            ended = True
        if ended:
            ours = {job.supervisor for job in self._jobs.values()} | {probe.pid for probe in self._probes.values()}
            kill_descendants(os.getpid(), spare=ours)

    def _oom_kills(self) -> int:
        """Processes that the kernel killed because this sandbox's memory was full (cgroup v2, then v1)."""
        for file in self._config.get("oom_files", ()):
            try:
                with open(file) as handle:
                    for line in handle:
                        if line.startswith("oom_kill "):
                            return int(line.split()[1])
            except OSError:
                continue
        return 0


def main() -> None:
    """Serve on the process's stdin and stdout, which no command gets to see."""
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    Runner(source, sink).serve()

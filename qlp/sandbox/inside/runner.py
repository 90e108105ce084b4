"""Process 1 of a sandbox: takes frames from the host and runs commands and jobs, as an unprivileged user.

Being process 1 of its PID namespace it cannot be signalled from inside, and being undumpable it cannot be read from
inside. One thread, one loop. A command of a session has a supervisor (supervisor.py); a job has namespaces and a
process 1 of its own (init.py). Requests: hello, put, get, run, start, poll, stop, job, cancel, http. Each reply carries
the request's id; failures carry `error` (input, not_found, storage, unavailable) and `detail`. Frames with `event` come
before the reply of a request that asked for them.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import gc
import os
import signal
import time
from collections.abc import Callable
from typing import Any, Union

from qlp.sandbox.inside import frames, init, kernel, paths
from qlp.sandbox.inside.become import Ceilings
from qlp.sandbox.inside.capture import Feed, Listener
from qlp.sandbox.inside.command import Running
from qlp.sandbox.inside.job import Job
from qlp.sandbox.inside.loop import READ, WRITE, Loop
from qlp.sandbox.inside.memory import OomCounter
from qlp.sandbox.inside.postcheck import PostCheck
from qlp.sandbox.inside.probe import Probe
from qlp.sandbox.inside.supervisor import kill_descendants

_STOP_GRACE_S = 2.0
_MOST_COMMANDS = 16

Reply = tuple[dict[str, Any], bytes]
Work = Union[Running, Job]  # noqa: UP007  evaluated on Python 3.9


class Runner:
    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._parser = frames.Parser()
        self._config: dict[str, Any] = {}
        self._root = "/"
        self._work: dict[str, Work] = {}
        self._waiting: dict[str, list[Any]] = {}
        self._handles = 0
        self._probes: dict[int, Probe] = {}
        self._ends_at = float("inf")
        self._loop = Loop()
        self._watched: dict[str, set[int]] = {}
        self._children_ended = False
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
        """Until the host closes the stream or the lifetime ends; then everything is killed.

        Raises init.Forked, in the child that is to be process 1 of a job.
        """
        self._loop.watch(self._source, READ, self._from_host)
        self._loop.watch(self._wake, READ, self._woken)
        os.set_blocking(self._source, False)
        with contextlib.suppress(EOFError):
            while time.monotonic() < self._ends_at:
                self._loop.wait(self._tick())
        kill_descendants(os.getpid())

    def _woken(self, fd: int) -> None:
        os.read(fd, 4096)
        self._children_ended = True

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
            kind = "storage" if error.errno in init.FULL else "unavailable"
            self._send(id, {"error": kind, "detail": f"{header.get('op')}: {error}"})

    # --- requests ----------------------------------------------------------------------------------------------------

    def _do_hello(self, header: dict[str, Any], payload: bytes) -> Reply:
        """`root`, `env`, `rlimits`, `cpu_s`, `output_bytes`, `lifetime_s`, `oom_files`, `filters`; `jobs`: sizes and
        rlimits of jobs; `uid`: to drop to; `mount_proc`: whether to mount /proc before that."""
        uid = header.get("uid")
        if uid is not None and os.getuid() == 0:
            if header.get("mount_proc"):
                kernel.mount(b"proc", b"/proc", b"proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        if os.getuid() == 0:
            raise OSError(errno.EPERM, "the runner refuses to run commands as root")
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
        os.umask(0o022)
        self._config = header
        self._root = header["root"]
        self._ends_at = time.monotonic() + header["lifetime_s"]
        os.makedirs(header["env"]["HOME"], 0o755, exist_ok=True)
        self._filter = kernel.Filter(base64.b64decode(header["filters"][os.uname().machine]))
        self._ceilings = Ceilings(header["rlimits"], header.get("cpu_s"))
        self._proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._oom = OomCounter(header["oom_files"])
        limits = {**header["rlimits"], **header["jobs"]["rlimits"]}
        if not _counts_by_namespace():
            limits.pop("NPROC", None)
        jobs = Ceilings(limits, header.get("cpu_s"))
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self._world = init.World(header, jobs, self._filter, null)
        why = init.check(self._world)
        self._postcheck = PostCheck(self._root)
        gc.collect()
        gc.freeze()  # what lives now lives for ever: the collector need not touch it, nor copy its pages after a fork
        return {"pid": os.getpid(), "uid": os.getuid(), "job_namespaces": not why, "why": why}, b""

    def _do_put(self, header: dict[str, Any], payload: bytes) -> Reply:
        self._postcheck.disturbed()
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
        running = self._background(header)
        return ({"running": True}, b"") if running.reply is None else running.reply

    def _do_stop(self, header: dict[str, Any], payload: bytes) -> Reply | None:
        running = self._background(header)
        if running.reply is not None:
            return running.reply
        self._waiting.setdefault(header["handle"], []).append(header["id"])
        running.terminate(_STOP_GRACE_S)
        return None

    def _do_job(self, header: dict[str, Any], payload: bytes) -> Reply | None:
        if not 0 < len(header["commands"]) <= _MOST_COMMANDS:
            raise paths.PathError(f"a job has 1 to {_MOST_COMMANDS} commands")
        key = f"job-{header['id']}"
        self._postcheck.before(alone=not self._work and not self._probes)
        try:
            self._work[key] = Job(
                self._world,
                header,
                payload,
                output_bytes=self._config["output_bytes"],
                oom_kills=self._oom.kills,
                on_output=self._listener(header),
            )
        except OSError as error:  # no process, memory or namespace left in this sandbox
            return {"error": "unavailable", "detail": f"cannot start a job: {error}"}, b""
        self._waiting[key] = [header["id"]]
        return None

    def _do_cancel(self, header: dict[str, Any], payload: bytes) -> Reply:
        for kind in ("run", "job"):
            work = self._work.get(f"{kind}-{header['target']}")
            if work:
                work.kill()
        return {}, b""

    def _do_http(self, header: dict[str, Any], payload: bytes) -> None:
        self._postcheck.disturbed()
        probe = Probe(header, payload)
        self._probes[probe.fd] = probe
        self._loop.watch(probe.fd, READ, lambda fd: probe.readable())

    def _background(self, header: dict[str, Any]) -> Running:
        running = self._work.get(header["handle"])
        if not isinstance(running, Running) or not running.background:
            raise FileNotFoundError(f"no background process {header['handle']}")
        return running

    def _spawn(self, key: str, header: dict[str, Any], stdin: bytes, background: bool) -> Reply | None:
        config = self._config
        cwd = header["cwd"]
        folder = paths.open_folder(self._root, [] if cwd in (".", "") else paths.split(cwd))
        self._postcheck.disturbed()
        try:
            self._work[key] = Running(
                argv=header["argv"],
                env={**config["env"], **header["env"]},
                ceilings=self._ceilings,
                filter=self._filter,
                proc=self._proc,
                folder=folder,
                stdin=stdin,
                wall_s=header["wall_s"],
                output_bytes=config["output_bytes"],
                oom_kills=self._oom.kills,
                background=background,
                on_output=self._listener(header),
            )
        except OSError as error:  # no process or memory left in this sandbox: the command's failure, not the sandbox's
            detail = f"qlp: cannot start: {error.strerror}\n".encode()
            header = {"exit_code": 126, "signal": None, "timed_out": False, "oom": False, "truncated": False}
            return {**header, "wall_s": 0.0, "cpu_s": 0.0, "max_rss_bytes": 0, "sizes": [0, len(detail)]}, detail
        finally:
            os.close(folder)
        return None

    def _listener(self, header: dict[str, Any]) -> Listener | None:
        if not header.get("stream"):
            return None
        id = header["id"]

        def tell(stream: str, data: bytes) -> None:
            self._send(id, {"event": "output", "stream": stream}, data)

        return tell

    # --- progress ----------------------------------------------------------------------------------------------------

    def _tick(self) -> float | None:
        """Advance all work and probes; seconds until the next one needs it."""
        if self._children_ended:
            self._children_ended = False
            self._reap()
        now = time.monotonic()
        soon = [self._ends_at]
        for key, work in list(self._work.items()):
            wake = work.tick(now)
            self._sync(key, work)
            if work.reply is not None:
                self._finish(key, work, work.reply)
            elif wake is not None:
                soon.append(wake)
        for fd, probe in list(self._probes.items()):
            if probe.done or now >= probe.deadline:
                self._loop.unwatch((fd,))
                del self._probes[fd]
                self._send(probe.id, *probe.close())
            else:
                soon.append(probe.deadline)
        return max(0.0, min(soon) - time.monotonic()) if min(soon) != float("inf") else None

    def _sync(self, key: str, work: Work) -> None:
        """Watch what it has open and nothing that it has closed."""
        reading, writing = work.reading, work.writing
        before = self._watched.get(key)
        now = reading | writing.keys()
        if before == now:
            return
        if before is None:
            before = set()
        self._loop.unwatch(before - now)
        for fd in reading - before:
            self._loop.watch(fd, READ, self._reader(key, work))
        for fd in writing.keys() - before:
            self._loop.watch(fd, WRITE, self._writer(key, work, writing[fd]))
        self._watched[key] = now

    def _reader(self, key: str, work: Work) -> Callable[[int], None]:
        def read(fd: int) -> None:
            work.readable(fd)
            self._sync(key, work)

        return read

    def _writer(self, key: str, work: Work, feed: Feed) -> Callable[[int], None]:
        def write(fd: int) -> None:
            feed.writable()
            if feed.fd is None:
                self._sync(key, work)

        return write

    def _finish(self, key: str, work: Work, reply: Reply) -> None:
        self._watched.pop(key, None)
        header, payload = reply
        if not (isinstance(work, Running) and work.background):
            del self._work[key]
        if isinstance(work, Job):
            tainted = self._postcheck.after(alone=not self._work and not self._probes)
            if tainted:
                header = {**header, "tainted": True, "why": tainted}
        for id in self._waiting.pop(key, []):
            self._send(id, header, payload)

    def _reap(self) -> None:
        """Wait for children; what a dead supervisor (kill -9 -1 from inside) left to us is killed.

        Processes of a job are never left: the kernel ends them with the job's process 1, before that can be waited for.
        """
        jobs = {work.pid: work for work in self._work.values() if isinstance(work, Job)}
        others = False
        ended: list[int] = []
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            ended.append(pid)
            others = others or pid not in jobs
        if others:
            ours = {work.pid for work in self._work.values()} | {probe.pid for probe in self._probes.values()}
            ended += kill_descendants(os.getpid(), spare=ours)
        for pid in ended:
            if pid in jobs:
                jobs[pid].ended()


def _counts_by_namespace() -> bool:
    """Since Linux 5.14 RLIMIT_NPROC counts in each user namespace; before, all processes of the user on the machine."""
    numbers = [int(part) for part in os.uname().release.replace("-", ".").split(".")[:2] if part.isdigit()]
    return numbers >= [5, 14]


def main() -> None:
    """Serve on the process's stdin and stdout, which no command gets to see."""
    forked = _serve()
    if forked is not None:  # in the child; the runner and all it knew is gone from here
        init.serve(forked)


def _serve() -> init.Forked | None:
    kernel.close_all_but((0, 1, 2))
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    runner = Runner(source, sink)
    try:
        runner.serve()
    except init.Forked as forked:
        vars(runner).clear()  # it is part of circles, which outlive their last name
        return forked.with_traceback(None)
    return None

"""Process 1 of a job: makes the job's world, runs its commands one after the other, hands out its artefacts.

It is forked from the runner straight into new namespaces. Nothing of the job can reach it: the kernel delivers no
signal from inside to process 1, it is undumpable (no /proc/1/mem, no /proc/1/fd), and no command inherits its report
pipe. When it ends the kernel kills whatever is left in its namespaces, and they are gone.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import signal
import time
from typing import Any, NoReturn

from qlp.sandbox.inside import frames, interpreter, kernel, layout, paths
from qlp.sandbox.inside.become import EXPENDABLE, Ceilings, become, spawn, told

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CHILD = {signal.SIGCHLD}
_HANDLED_BY_THE_RUNNER = (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BEFORE_THE_RUNNER = b"500"
Stdio = tuple[int, int, int]


class World:
    """What every job of a sandbox starts with; made once."""

    def __init__(self, config: dict[str, Any], ceilings: Ceilings, filter: kernel.Filter, null: int) -> None:
        self.root: str = config["root"]
        self.env: dict[str, str] = config["env"]
        self.ceilings = ceilings
        self.filter = filter
        self.null = null
        self.user, self.group = os.getuid(), os.getgid()
        self.mounts = layout.mounts(self.root, config["jobs"], config["oom_files"])
        self.python_path = interpreter.search_path(self.env)
        self.badness = -1
        """Of process 1 of the job: how soon the kernel kills it when memory is full."""
        self.namespaces = (
            kernel.NEWUSER | kernel.NEWNS | kernel.NEWPID | kernel.NEWIPC | kernel.NEWNET | kernel.NEWUTS
            | (kernel.NEWCGROUP if os.path.exists("/proc/self/ns/cgroup") else 0)
        )  # fmt: skip

    def enter(self) -> None:
        """From inside the new namespaces, as their process 1."""
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # else our own /proc files are root's
        self.badness = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        layout.enter(self.user, self.group, self.mounts)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        os.makedirs(self.env["HOME"], 0o755, exist_ok=True)
        os.chdir("/")
        kernel.drop_capabilities()
        self.filter.install()


def check(world: World) -> str:
    """Make the namespaces once and let go of them: empty if that works here, else why not."""
    reader, writer = os.pipe()
    pid = 0
    try:
        pid = kernel.fork_into(world.namespaces)
        if pid == 0:
            said = b""
            try:
                _quiet()
                world.enter()
                if os.getpid() != 1:
                    said = b"not process 1 of a new namespace"
            except BaseException as error:  # noqa: BLE001  the last frame of a forked child
                said = str(error).encode() or repr(error).encode()
            finally:
                os.write(writer, said[:1000])
                os._exit(1 if said else 0)
        os.close(writer)
        writer = -1
        said = os.read(reader, 1000)
        _, status = os.waitpid(pid, 0)
        return said.decode("utf-8", "replace") or (f"its process 1 ended with {status}" if status else "")
    except OSError as error:
        return str(error)
    finally:
        os.close(reader)
        if writer >= 0:
            os.close(writer)


class Forked(BaseException):
    """Unwinds a forked child out of the runner, so that nothing of the runner's memory is referred to any more."""

    def __init__(self, world: World, header: dict[str, Any], payload: bytes, stdio: list[Stdio], report: int) -> None:
        super().__init__()
        self.world = world
        self.header = header
        self.payload = payload
        self.stdio = stdio
        self.report = report


def serve(job: Forked) -> NoReturn:
    """Run the job and write frames to its `report`; in the forked child, never returns.

    Frames: {"ended": index, "status", "timed_out", "wall_s", "cpu_s", "rss_kb"} for each command, then (or with the
    last one) {"artefacts": [[path, size]], "missing": {path: why}} with the bytes; {"error", "detail"} if the job could
    not be set up.
    """
    world, header, report = job.world, job.header, job.report
    try:
        _quiet()
        kernel.close_all_but({fd for three in job.stdio for fd in three} | {report, world.null, 2})
        world.enter()
        offset = 0
        for path, size, executable in header["files"]:
            paths.write(world.root, path, job.payload[offset : offset + size], executable)
            offset += size
        job.payload = b""
        world.ceilings.apply()
        for index, command in enumerate(header["commands"]):
            ended = {"ended": index, **_run(world, command, job.stdio[index], header["fork"])}
            if ended["status"] != 0 or ended["timed_out"] or index + 1 == len(header["commands"]):
                break
            _tell(report, ended)
        if header["fetch"]:
            _tell(report, ended)  # at once: reading the artefacts may take a while
            ended = {}
        found, data = _artefacts(world.root, header["fetch"], header["fetch_bytes"])
        _tell(report, {**ended, **found}, data)
    except paths.PathError as error:
        _tell(report, {"error": "input", "detail": str(error)})
    except OSError as error:
        _tell(report, {"error": "storage" if error.errno in FULL else "unavailable", "detail": str(error)})
    except BaseException as error:  # noqa: BLE001  the last frame of a forked child: report, never unwind into the runner
        with contextlib.suppress(OSError):
            _tell(report, {"error": "unavailable", "detail": repr(error)})
    finally:
        os._exit(0)


def _quiet() -> None:
    """Of the runner's signal handling what a job's process 1 needs: children are waited for, nothing is handled."""
    gc.disable()  # it would only copy the pages that we share with the runner
    signal.set_wakeup_fd(-1)
    for number in _HANDLED_BY_THE_RUNNER:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, _CHILD)


def _tell(fd: int, message: dict[str, Any], payload: bytes = b"") -> None:
    view = memoryview(frames.pack(message, payload))
    while view:
        view = view[os.write(fd, view) :]


def _run(world: World, command: dict[str, Any], stdio: Stdio, fork: bool) -> dict[str, Any]:
    started = time.monotonic()
    end = started + command["wall_s"]
    usage = _Usage()
    status = None
    timed_out = False
    pid = _start(world, command, stdio, fork)
    for fd in stdio:
        if fd != world.null:
            os.close(fd)
    if pid < 0:
        return {"status": -pid << 8, "timed_out": False, "wall_s": 0.0, **usage.told()}
    while status is None:
        left = end - time.monotonic()
        if left <= 0:
            timed_out = True
            break
        signal.sigtimedwait(_CHILD, left)
        status = usage.reap(pid, os.WNOHANG)
    ended = time.monotonic()
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)  # all of the namespace but us, in one step that no fork can outrun
    late = usage.reap(pid, 0)
    status = late if status is None else status
    return {
        "status": signal.SIGKILL if status is None else status,
        "timed_out": timed_out,
        "wall_s": ended - started,
        **usage.told(),
    }


def _start(world: World, command: dict[str, Any], stdio: Stdio, fork: bool) -> int:
    """The process of the command; if there is none minus its exit code (126, or 127 not found), its stderr says why."""
    argv, env = command["argv"], {**world.env, **command["env"]}
    code, text = 126, b""
    folder = -1
    try:
        cwd = command["cwd"]
        folder = paths.open_folder(world.root, [] if cwd in (".", "") else paths.split(cwd))
        os.fchdir(folder)
        os.write(world.badness, EXPENDABLE)  # inherited: the command goes before us, and we before the runner
        if fork and interpreter.takes(argv):
            return _fork(world, argv, env, stdio, folder)
        try:
            return spawn(argv, env, stdio)
        except OSError as error:
            code, text = told(argv, error)
    except (OSError, paths.PathError) as error:
        text = f"qlp: cannot start: {error}\n".encode("utf-8", "replace")
    finally:
        os.write(world.badness, _BEFORE_THE_RUNNER)
        if folder >= 0:
            os.close(folder)
    os.write(stdio[2], text)
    return -code


def _fork(world: World, argv: list[str], env: dict[str, str], stdio: Stdio, folder: int) -> int:
    pid = os.fork()
    if pid == 0:
        program = interpreter.program(argv, env, world.python_path)
        become(argv, env, folder=folder, stdio=stdio, ceilings=world.ceilings, filter=None, proc=-1, instead=program)
    return pid


class _Usage:
    """CPU time and peak memory of all that was waited for: a process counts its own children that it waited for."""

    def __init__(self) -> None:
        self._cpu_s = 0.0
        self._rss_kb = 0

    def reap(self, main: int, flags: int) -> int | None:
        """Wait for children, until none is left or (WNOHANG) none has ended; the status of `main` if it was one."""
        found = None
        while True:
            try:
                pid, status, usage = os.wait4(-1, flags)
            except ChildProcessError:
                return found
            if pid == 0:
                return found
            self._cpu_s += usage.ru_utime + usage.ru_stime
            self._rss_kb = max(self._rss_kb, usage.ru_maxrss)
            if pid == main:
                found = status

    def told(self) -> dict[str, Any]:
        return {"cpu_s": self._cpu_s, "rss_kb": self._rss_kb}


def _artefacts(root: str, wanted: list[str], cap: int) -> tuple[dict[str, Any], bytes]:
    found: list[tuple[str, bytes]] = []
    missing: dict[str, str] = {}
    left = cap
    for path in wanted:
        try:
            data = paths.read(root, path, left)
        except (paths.PathError, OSError) as error:
            missing[path] = str(error)
        else:
            found.append((path, data))
            left -= len(data)
    header = {"artefacts": [[path, len(data)] for path, data in found], "missing": missing}
    return header, b"".join(data for _, data in found)

"""One process between the runner and each command: it adopts whatever the command leaves behind, and kills it.

The supervisor is a child subreaper, so daemons that fork twice become its children and not anybody else's. When the
command ends, or SIGUSR1 arrives, it stops and then kills every descendant, waits for them all and reports.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import resource
import signal
import time
from typing import Any

PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
KILL_TREE = signal.SIGUSR1
_WATCHED = {signal.SIGCHLD, KILL_TREE}
_KILL_DEADLINE_S = 5.0
_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def supervise(spec: dict[str, Any], folder: int, stdin: int, stdout: int, stderr: int, report: int) -> None:
    """Run the command to its end and write `{"pid"}` and then `{"status","cpu_s","rss_kb"}` lines to `report`.

    Runs in a forked child of the runner and never returns. `spec`: argv, env, rlimits {name: value}.
    """
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR2, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        for number in _WATCHED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        os.setsid()
        close_others({folder, stdin, stdout, stderr, report})
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        pid = os.fork()
        if pid == 0:
            _become(spec, folder, stdin, stdout, stderr)
        for fd in (folder, stdin, stdout, stderr):
            os.close(fd)
        _tell(report, {"pid": pid})
        status = _wait(pid)
        kill_descendants(os.getpid())
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        _tell(report, {"status": status, "cpu_s": usage.ru_utime + usage.ru_stime, "rss_kb": usage.ru_maxrss})
    except BaseException as error:  # noqa: BLE001  the last frame of a forked child: report, never unwind into the runner
        with contextlib.suppress(OSError):
            _tell(report, {"error": repr(error)})
    finally:
        os._exit(0)


def _tell(fd: int, message: dict[str, Any]) -> None:
    os.write(fd, json.dumps(message).encode() + b"\n")


def close_others(keep: set[int]) -> None:
    """Close every descriptor of this process but `keep`."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in keep:
            with contextlib.suppress(OSError):  # the descriptor of the listing itself is gone already
                os.close(int(name))


def _wait(main: int) -> int:
    """Reap children until `main` has ended; its wait status."""
    while True:
        ended = _reap()
        if main in ended:
            return ended[main]
        if signal.sigwait(_WATCHED) == KILL_TREE:
            ended = kill_descendants(os.getpid())
            return ended.get(main, signal.SIGKILL)


def _reap() -> dict[int, int]:
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def kill_descendants(root: int, spare: set[int] | None = None) -> dict[int, int]:
    """SIGKILL every descendant of `root` but the trees of `spare`; the wait statuses of those that were our children.

    They are stopped first, until a pass finds no new one: a stopped process cannot fork ahead of the killer.
    """
    ended: dict[int, int] = {}
    end = time.monotonic() + _KILL_DEADLINE_S
    while time.monotonic() < end:
        stopped: set[int] = set()
        while True:
            fresh = [pid for pid in descendants(root, spare or set()) if pid not in stopped]
            if not fresh or time.monotonic() > end:
                break
            for pid in fresh:
                _signal(pid, signal.SIGSTOP)
                stopped.add(pid)
        for pid in stopped:
            _signal(pid, signal.SIGKILL)
        ended.update(_reap())
        if not stopped:
            break
        time.sleep(0.002)
    return ended


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def descendants(root: int, spare: set[int]) -> list[int]:
    """Living descendants of `root`, parents first, without the trees that `spare` heads."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # ended between the listing and the look
        if fields[0] not in (b"Z", b"X"):
            children.setdefault(int(fields[1]), []).append(int(name))
        else:
            children.setdefault(int(fields[1]), [])
    found: list[int] = []
    queue = [root]
    while queue:
        for pid in children.get(queue.pop(), []):
            if pid not in spare:
                found.append(pid)
                queue.append(pid)
    return found


def _become(spec: dict[str, Any], folder: int, stdin: int, stdout: int, stderr: int) -> None:
    """Turn this forked child into the command; says why on its stderr if it cannot (126, or 127 not found)."""
    try:
        os.setsid()
        os.fchdir(folder)
        for number, fd in enumerate((stdin, stdout, stderr)):
            os.dup2(fd, number)
        os.closerange(3, 1024)
        # Owner of our /proc files again, only to volunteer for the kernel's out-of-memory killer before the runner.
        prctl(PR_SET_DUMPABLE, 1)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        for name, value in spec["rlimits"].items():
            which = getattr(resource, "RLIMIT_" + name)
            hard = resource.getrlimit(which)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(which, (value, value))
        for number in range(1, signal.NSIG):
            with contextlib.suppress(OSError, ValueError):  # SIGKILL, SIGSTOP and libc's own cannot be set
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        os.umask(0o022)
        os.execvpe(spec["argv"][0], spec["argv"], spec["env"])
    except OSError as error:
        os.write(2, f"qlp: cannot run {spec['argv'][0]}: {error.strerror}\n".encode("utf-8", "replace"))
        os._exit(127 if error.errno in (errno.ENOENT, errno.ENOTDIR) else 126)
    except BaseException as error:  # noqa: BLE001  never unwind into the supervisor's frames
        os.write(2, f"qlp: cannot run: {error!r}\n".encode("utf-8", "replace"))
        os._exit(126)

"""One process between the runner and each command: it adopts whatever the command leaves behind, and kills it.

The supervisor is a child subreaper, so daemons that fork twice become its children and not anybody else's. When the
command ends, or SIGUSR1 arrives, it stops and then kills every descendant, waits for them all and reports.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import time
from typing import Any, NoReturn

from qlp.sandbox.inside.become import Ceilings, become
from qlp.sandbox.inside.kernel import PR_SET_CHILD_SUBREAPER, Filter, close_all_but, prctl

KILL_TREE = signal.SIGUSR1
_WATCHED = {signal.SIGCHLD, KILL_TREE}
_KILL_DEADLINE_S = 5.0


def supervise(
    argv: list[str],
    env: dict[str, str],
    folder: int,
    stdio: tuple[int, int, int],
    report: int,
    ceilings: Ceilings,
    filter: Filter,
    proc: int,
) -> NoReturn:
    """Run the command to its end and write `{"pid"}` and then `{"status","cpu_s","rss_kb"}` lines to `report`.

    Runs in a forked child of the runner and never returns.
    """
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR2, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        for number in _WATCHED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        os.setsid()
        close_all_but({2, folder, *stdio, report, proc})
        with contextlib.suppress(OSError):  # gVisor knows it for process 1 only: the runner kills what comes to it
            prctl(PR_SET_CHILD_SUBREAPER, 1)
        pid = os.fork()
        if pid == 0:
            become(argv, env, folder=folder, stdio=stdio, ceilings=ceilings, filter=filter, proc=proc)
        for fd in (folder, *stdio):
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

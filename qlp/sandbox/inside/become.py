"""The last steps of a forked child before it is the command: limits, the system call filter, exec."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
from collections.abc import Callable
from typing import NoReturn

from qlp.sandbox.inside import kernel

EXPENDABLE = b"1000"
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


class Ceilings:
    """Resource limits of every command of a sandbox."""

    def __init__(self, rlimits: dict[str, int], cpu_s: float | None) -> None:
        self._rlimits = [(getattr(resource, "RLIMIT_" + name), value, value) for name, value in rlimits.items()]
        if cpu_s is not None:  # SIGXCPU first, so that the result says why; SIGKILL a second later
            soft = max(1, int(-(-cpu_s // 1)))
            self._rlimits.append((resource.RLIMIT_CPU, soft, soft + 1))

    def apply(self) -> None:
        for which, soft, hard in self._rlimits:
            ceiling = resource.getrlimit(which)[1]
            if ceiling != resource.RLIM_INFINITY:
                soft, hard = min(soft, ceiling), min(hard, ceiling)
            resource.setrlimit(which, (soft, hard))


def spawn(argv: list[str], env: dict[str, str], stdio: tuple[int, int, int]) -> int:
    """The command as a child of this process, whose limits, filter and working folder it shares; its pid.

    vfork(2) underneath: the memory of an interpreter is not copied only to be thrown away, which is half the cost of a
    short program. Every other descriptor must be close-on-exec. Raises OSError as exec does.
    """
    failure: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(stdio)]
    for path in _candidates(argv[0], env):
        try:
            return os.posix_spawn(
                path, argv, env, file_actions=actions, setsid=True, setsigmask=(), setsigdef=_IGNORED_BY_PYTHON
            )
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                failure = error
    raise failure


def _candidates(program: str, env: dict[str, str]) -> list[str]:
    if "/" in program:
        return [program]
    found = [os.path.join(folder, program) for folder in env.get("PATH", os.defpath).split(":")]
    return [path for path in found if os.access(path, os.X_OK)]


def told(argv: list[str], error: OSError) -> tuple[int, bytes]:
    """Exit code and message of a command that could not be executed: 127 not found, else 126."""
    text = f"qlp: cannot run {argv[0]}: {error.strerror}\n".encode("utf-8", "replace")
    return (127 if error.errno in (errno.ENOENT, errno.ENOTDIR) else 126), text


def become(
    argv: list[str],
    env: dict[str, str],
    *,
    folder: int,
    stdio: tuple[int, int, int],
    ceilings: Ceilings,
    filter: kernel.Filter | None,
    proc: int,
    instead: Callable[[], NoReturn] | None = None,
) -> NoReturn:
    """Turn this forked child into the command; says why on its stderr if it cannot (126, or 127 not found).

    `filter` is None where it is on already; `proc` is a descriptor of a /proc that can be written to, to volunteer for
    the kernel's out-of-memory killer, or -1; `instead` runs in place of exec.
    """
    try:
        os.setsid()
        os.fchdir(folder)
        for number, fd in enumerate(stdio):
            os.dup2(fd, number)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # owner of our /proc files again
        if proc >= 0:
            with contextlib.suppress(OSError):
                handle = os.open("self/oom_score_adj", os.O_WRONLY, dir_fd=proc)
                os.write(handle, EXPENDABLE)
        kernel.close_all_but((0, 1, 2))
        ceilings.apply()
        for number in range(1, signal.NSIG):
            with contextlib.suppress(OSError, ValueError):  # SIGKILL, SIGSTOP and libc's own cannot be set
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if filter:
            filter.install()
        if instead:
            instead()
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        code, text = told(argv, error)
        os.write(2, text)
        os._exit(code)
    except BaseException as error:  # noqa: BLE001  never unwind into the frames of the parent
        os.write(2, f"qlp: cannot run: {error!r}\n".encode("utf-8", "replace"))
        os._exit(126)

"""What a hostile program is: data that is run on every backend, as a job and as a command of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qlp.sandbox import Command, Limits
from qlp.sandbox.protocol import Job
from tests.hostile.verdict import Expected

Mode = Literal["job", "fork", "session"]
"""`Sandbox.job`; the same with `fork=True`; `Sandbox.run`."""
LIMITS = Limits(wall_s=20, memory_mb=256, pids=64, cpus=1.5, disk_mb=24, file_mb=8, output_bytes=65536, inodes=4096)
"""Of the sandboxes in which programs run."""

PRELUDE = '''\
import ctypes, errno, os, platform, signal, socket, struct, sys, time
def verdict(**facts):
    os.write(1, ("VERDICT " + " ".join("%s=%s" % pair for pair in facts.items()) + "\\n").encode())
def outcome(work, *args):
    try: work(*args)
    except OSError as e: return errno.errorcode.get(e.errno, type(e).__name__)
    return "OK"
_libc = ctypes.CDLL(None, use_errno=True)
def syscall(x86_64, aarch64, *args):
    """Runs in a child, so that what succeeds (namespaces, tracing) changes nobody else."""
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        args = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
        number = x86_64 if platform.machine() == "x86_64" else aarch64
        ctypes.set_errno(0)
        mine = os.getpid()
        result = _libc.syscall(ctypes.c_long(number), *args)
        if os.getpid() == mine:
            code = ctypes.get_errno()
            os.write(w, (b"OK" if result >= 0 else errno.errorcode.get(code, str(code)).encode()))
        os._exit(0)
    os.close(w)
    said = os.read(r, 100).decode()
    os.close(r)
    os.waitpid(pid, 0)
    return said or "died"
def opened(path, flags=os.O_RDONLY):
    """Opens and closes: harmless also where it is permitted. HIDDEN: the null device lies over it."""
    try: fd = os.open(path, flags)
    except OSError as e: return errno.errorcode.get(e.errno, "?")
    hidden = os.fstat(fd).st_rdev == os.makedev(1, 3)
    os.close(fd)
    return "HIDDEN" if hidden else "OK"
'''
"""In front of every program in Python. Must run on Python 3.9."""


@dataclass(frozen=True, kw_only=True)
class Differs:
    """Another verdict for one backend (`bubblewrap`, `runsc`), one mode (`session`) or both (`bubblewrap session`)."""

    where: str
    expected: Expected
    why: str
    """For users: it goes into docs/sandbox-hostile.md."""


def gvisor(expected: Expected, why: str) -> Differs:
    return Differs(where="runsc", expected=expected, why=why)


@dataclass(frozen=True, kw_only=True)
class Program:
    id: str
    item: str
    """Which of the attacks that the sandbox promises to survive this is."""
    tries: str
    source: str = ""
    """Python, behind the prelude, unless `argv` is given."""
    argv: tuple[str, ...] = ()
    """Any command instead; `source` is then the text of `file`."""
    file: str = "hostile.py"
    profile: str = "python"
    stdin: bytes = b""
    wall_s: float = 5.0
    """Programs that end by themselves never need it; those that do not set a second."""
    memory_mb: int | None = None
    """Another limit than the suite's; the program then has a sandbox of its own."""
    expected: Expected
    differs: tuple[Differs, ...] = ()
    modes: tuple[Mode, ...] = ("job", "session")
    needs: Literal["", "memory", "pids"] = ""
    """The limit that `Isolation` has to call enforced; where it does not, the attack is only bounded by the wall clock."""
    control: Literal["", "namespaces", "root"] = ""
    """Where the same program is run unconfined to show that it would have succeeded: as root of a new user namespace
    with namespaces of its own, or as root of the machine (only what is harmless there)."""
    control_facts: tuple[str, ...] = ()
    """Facts that must come out differently in the control; empty means all of `expected.facts`."""

    def expected_in(self, target: str, mode: Mode) -> Expected:
        """The most particular verdict for a backend and a mode."""
        for where in (f"{target} {mode}", target, mode):
            for other in self.differs:
                if other.where == where:
                    return other.expected
        return self.expected

    @property
    def text(self) -> bytes:
        return (self.source if self.argv else PRELUDE + self.source).encode()

    @property
    def command(self) -> Command:
        return Command(argv=self.argv or ("python3", self.file), stdin=self.stdin, wall_s=self.wall_s)

    def job(self, *, fork: bool = False) -> Job:
        return Job(files={self.file: self.text}, commands=(self.command,), fork=fork)

    @property
    def limits(self) -> Limits:
        return LIMITS if self.memory_mb is None else LIMITS.model_copy(update={"memory_mb": self.memory_mb})

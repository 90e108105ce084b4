"""What a sandbox is: the contract that every backend keeps (tests/contract/test_sandbox.py)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from qlp.models import Isolation, Language
from qlp.models._base import Frozen


class Limits(Frozen):
    """Ceilings of one sandbox; each is enforced by the kernel, not by politeness."""

    wall_s: float = 120.0
    """Wall clock of one command unless the command asks for less."""
    memory_mb: int = 1024
    pids: int = 256
    cpus: float = 2.0
    disk_mb: int = 512
    """Size of the writable workspace."""
    file_mb: int = 128
    """Largest single file."""
    output_bytes: int = 1_048_576
    """Cap of stdout and of stderr, each; what is over is dropped and `truncated` is set."""


class Command(Frozen):
    """One process: no shell unless argv names one. Runs in the workspace as an unprivileged user."""

    argv: tuple[str, ...]
    cwd: str = "."
    """Relative to the workspace."""
    env: dict[str, str] = {}
    stdin: bytes = b""
    wall_s: float | None = None


class ExecResult(Frozen):
    """How a process ended. `exit_code` is None exactly if a signal ended it."""

    exit_code: int | None
    signal: int | None = None
    timed_out: bool = False
    oom: bool = False
    truncated: bool = False
    stdout: bytes
    stderr: bytes
    wall_s: float
    cpu_s: float
    max_rss_bytes: int

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.timed_out and not self.oom


class HttpReply(Frozen):
    """Answer to a request made inside the sandbox; `status` 0 means no connection, `error` says why."""

    status: int
    body: bytes = b""
    error: str = ""


class BackendStatus(Frozen):
    """Whether a backend can be used here and, if not, the command that makes it so."""

    name: str
    available: bool
    detail: str
    profiles: tuple[Language, ...] = ()
    """Profiles whose image or toolchain is ready."""
    remedy: str = ""


class Sandbox(Protocol):
    """A live, isolated workspace: no network but its own loopback, read-only root, one writable folder.

    All paths are relative to the workspace; a path that leaves it raises InputError. Errors of the sandbox
    itself (engine gone, runner died) raise SandboxError; a failing command is a result, not an error.
    """

    isolation: Isolation

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        """Write files, making folders. Raises InputError for bad paths, StorageError when the workspace is full."""

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        """Read one regular file (no links followed). Raises NotFoundError."""

    async def run(self, command: Command) -> ExecResult:
        """Run to its end. Everything the command left running is killed, except what `start` started."""

    async def start(self, command: Command) -> str:
        """Start a background process and return its handle."""

    async def poll(self, handle: str) -> ExecResult | None:
        """The result if the background process has ended, else None."""

    async def stop(self, handle: str) -> ExecResult:
        """SIGTERM, two seconds, SIGKILL to the whole process group; returns its result and output so far."""

    async def http(
        self,
        method: str,
        port: int,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> HttpReply:
        """One request to 127.0.0.1:`port` inside the sandbox."""


class SandboxBackend(Protocol):
    """One way to isolate."""

    name: str

    async def probe(self) -> BackendStatus:
        """Cheap and without side effects; never raises."""

    def open(self, profile: Language, limits: Limits = Limits()) -> AbstractAsyncContextManager[Sandbox]:
        """A fresh sandbox, destroyed with everything in it on exit, also on cancellation.

        Raises SandboxUnavailableError (with the remedy) when it cannot be made.
        """

"""What a sandbox is: the contract that every backend keeps (tests/contract/test_sandbox.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

from pydantic import Field

from qlp.models import LOCAL_TENANT, Isolation
from qlp.models._base import Frozen

IsolationMode = Literal["shared-tenant", "strict", "session"]
"""Who may meet in one sandbox: jobs of one tenant one after the other; nobody (single use); a pinned session."""
Stream = Literal["stdout", "stderr"]
OutputListener = Callable[[Stream, bytes], None]
"""Called with each piece of output as it arrives, in order; never after the call that it was given to has returned."""


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
    cpu_s: float | None = None
    """CPU time of one process (RLIMIT_CPU); None leaves it to wall clock times cores."""
    inodes: int = 65_536
    """Files and folders that the writable places may hold, each."""


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


class Job(Frozen):
    """One program, from its files to its artefacts, in namespaces and on a workspace of its own.

    The commands run one after the other; the first that does not end with 0 is the last that runs.
    """

    files: dict[str, bytes] = {}
    executable: frozenset[str] = frozenset()
    commands: tuple[Command, ...] = Field(min_length=1)
    fetch: tuple[str, ...] = ()
    """Workspace paths of artefacts: regular files only, no links followed, folders not descended."""
    fetch_bytes: int = 16_777_216
    """Cap of all artefacts together."""
    fork: bool = False
    """Fork mode: commands `python3 FILE ...` run in a fork of the prewarmed interpreter instead of a new one."""


class JobResult(Frozen):
    """How a job ended: a result for each command that ran, so at least one."""

    results: tuple[ExecResult, ...]
    artefacts: dict[str, bytes] = {}
    missing: dict[str, str] = {}
    """Path asked for -> why it is not among the artefacts."""

    @property
    def last(self) -> ExecResult:
        return self.results[-1]


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
    profiles: tuple[str, ...] = ()
    """Profiles whose image or toolchain is ready."""
    remedy: str = ""
    images: dict[str, str] = {}
    """Profile -> what `Isolation.image_digest` of its sandboxes is, as far as that is known without opening one."""


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

    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        """Run to its end. Everything the command left running is killed, except what `start` started."""

    async def job(self, job: Job, *, on_output: OutputListener | None = None) -> JobResult:
        """Run in fresh namespaces and an empty workspace of its own; nothing of it is left when this returns.

        Raises InputError for bad paths, StorageError when its files do not fit, SandboxUnavailableError where
        `isolation.job_namespaces` is false and the sandbox is not fresh.
        """

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

    def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AbstractAsyncContextManager[Sandbox]:
        """A fresh sandbox of a profile (`python`, `node`, ...), destroyed with everything in it on exit, also on
        cancellation. `runtime` names an OCI runtime (runc, runsc, kata); None takes the configured one.

        Raises InputError for an unknown profile, SandboxUnavailableError (with the remedy) when it cannot be made.
        """

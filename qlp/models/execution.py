"""What a program or a command in a sandbox came to, as HTTP, SDK and command line show it."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from qlp.errors import NotFoundError
from qlp.models._base import Frozen
from qlp.models.evidence import Isolation


class _Answer(Frozen):
    model_config = ConfigDict(use_attribute_docstrings=True)


class CommandResult(_Answer):
    """How one process ended. A failing process is a result, not an error."""

    exit_code: int | None
    """None exactly if a signal ended it."""
    signal: int | None = None
    timed_out: bool = False
    oom: bool = False
    """The kernel killed for memory while it ran."""
    truncated: bool = False
    """Output over the cap was dropped."""
    stdout: str
    """UTF-8; what is not UTF-8 is replaced here and exact in `stdout_base64`."""
    stderr: str
    stdout_base64: str | None = None
    """Only if stdout is not UTF-8."""
    stderr_base64: str | None = None
    wall_s: float
    cpu_s: float
    max_rss_bytes: int

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.timed_out and not self.oom

    @property
    def stdout_bytes(self) -> bytes:
        return self.stdout.encode() if self.stdout_base64 is None else base64.b64decode(self.stdout_base64)

    @property
    def stderr_bytes(self) -> bytes:
        return self.stderr.encode() if self.stderr_base64 is None else base64.b64decode(self.stderr_base64)


class Acquire(_Answer):
    """How a sandbox was had."""

    path: Literal["warm", "cold"]
    """`warm`: one was ready. `cold`: it was made while the caller waited."""
    seconds: float
    """From the request to a sandbox of one's own, waiting in the queue included."""


class Execution(CommandResult):
    """One program: how its last command ended, and each command by itself."""

    object: Literal["execution"] = "execution"
    profile: str
    mode: Literal["shared-tenant", "strict", "session"]
    compile: CommandResult | None = None
    """The compiler, for languages that have one."""
    run: CommandResult | None = None
    """The program; None if it did not compile."""
    artefacts: dict[str, str] = {}
    """Path asked for in `fetch` -> content, base64."""
    missing: dict[str, str] = {}
    """Path asked for -> why it is not among the artefacts."""
    isolation: Isolation
    acquire: Acquire

    def artefact(self, path: str) -> bytes:
        """Raises NotFoundError with the reason."""
        if path not in self.artefacts:
            raise NotFoundError(f"no artefact {path}: {self.missing.get(path, 'it was not asked for in `fetch`')}")
        return base64.b64decode(self.artefacts[path])


class SandboxInfo(_Answer):
    """A session."""

    id: str
    object: Literal["sandbox"] = "sandbox"
    status: Literal["running"] = "running"
    profile: str
    created_at: datetime
    expires_at: datetime
    """Destroyed then at the latest; earlier if nobody calls for `idle_s`."""
    isolation: Isolation


class SandboxExec(CommandResult):
    """A command in a session that has ended."""

    object: Literal["sandbox.exec"] = "sandbox.exec"


class SandboxProcess(_Answer):
    """A background process of a session."""

    handle: str
    object: Literal["sandbox.process"] = "sandbox.process"
    status: Literal["running", "ended"]
    result: CommandResult | None = None
    """How it ended; None while it runs."""


class SandboxFile(_Answer):
    """A file as it was written."""

    path: str
    object: Literal["sandbox.file"] = "sandbox.file"
    bytes: int
    sha256: str
    """Hex."""


class SandboxHttp(_Answer):
    """Answer of a server inside the session."""

    object: Literal["sandbox.http"] = "sandbox.http"
    status: int
    """0 means that nothing answered; `error` says why."""
    body: str = ""
    body_base64: str | None = None
    """Only if the body is not UTF-8."""
    error: str = ""


class OutputDelta(_Answer):
    """A piece of output as it arrives."""

    type: Literal["execution.output.delta"] = "execution.output.delta"
    sequence_number: int = Field(ge=1)
    created_at: datetime
    stream: Literal["stdout", "stderr"]
    delta: str
    delta_base64: str | None = None
    """Only if the piece is not UTF-8."""

    @property
    def data(self) -> bytes:
        return self.delta.encode() if self.delta_base64 is None else base64.b64decode(self.delta_base64)

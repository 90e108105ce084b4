from __future__ import annotations

import base64
from typing import Literal

from qlp.models._base import Frozen
from qlp.models.evidence import Evidence
from qlp.models.finding import Finding
from qlp.models.request import Tier
from qlp.models.usage import Usage


class SourceFile(Frozen):
    """One file of a project. `path` is relative, with `/`, and never leaves the project."""

    path: str
    content: str
    """Text, or base64 of bytes that are no UTF-8 text."""
    executable: bool = False
    encoding: Literal["utf-8", "base64"] = "utf-8"

    @property
    def data(self) -> bytes:
        return self.content.encode() if self.encoding == "utf-8" else base64.b64decode(self.content)

    @classmethod
    def of(cls, path: str, data: bytes, *, executable: bool = False) -> SourceFile:
        """Any bytes: text stays readable, the rest is encoded."""
        try:
            return cls(path=path, content=data.decode("utf-8"), executable=executable)
        except UnicodeDecodeError:
            return cls(path=path, content=base64.b64encode(data).decode(), executable=executable, encoding="base64")


class Attempt(Frozen):
    """One try of an agent at a task, kept for the manifest."""

    tier: Tier
    model: str
    """`provider:model`, or `blueprint:<name>@<version>`."""
    prompt: str
    """`name@sha256-prefix` of the prompt template; empty where no prompt was used."""
    outcome: Literal["accepted", "rejected", "malformed"]
    reason: str = ""
    samples: int = 1
    """Candidates drawn by this attempt."""
    passing: int = 0
    """Candidates that passed the checks of an accepted attempt."""
    independent: bool | None = None
    """Of a test task: whether its author saw the request and the contract alone, neither the implementation nor what
    it printed. None for other tasks, and for records from before this was known."""
    chosen_by: str = ""
    """Of an accepted attempt that had several passing candidates: what decided between them. Votes are a tie-break
    and are named when they were one."""
    steps: int = 0
    """Model calls of a shell agent."""
    usage: Usage = Usage()


class TaskResult(Frozen):
    """What a finished task hands to the tasks that depend on it, and to the assembly."""

    task_id: str
    files: tuple[SourceFile, ...]
    attempts: tuple[Attempt, ...]
    findings: tuple[Finding, ...] = ()
    """Findings that were still open when the task ended."""
    evidence: tuple[Evidence, ...] = ()
    signals: dict[str, float | None] = {}
    """Features of confidence that were measured while candidates were compared, by name."""

    @property
    def usage(self) -> Usage:
        return sum((a.usage for a in self.attempts), Usage())

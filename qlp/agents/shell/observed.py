"""What a command did, as it is recorded: its output, cut in the middle, and the files that it changed."""

from __future__ import annotations

import hashlib

from qlp.agents.loop import normalised
from qlp.agents.prompts import data_tag
from qlp.models import SourceFile
from qlp.models._base import Frozen


class Observed(Frozen):
    """One command in the workspace: enough to go on after a crash without running it again."""

    exit_code: int | None
    """None when a signal ended it."""
    output: str = ""
    """stdout and stderr, head and tail."""
    timed_out: bool = False
    oom: bool = False
    changed: tuple[SourceFile, ...] = ()
    """Files that are new or other than before, with their whole content."""
    deleted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be kept, and why."""
    ended_at: float = 0.0
    """Unix seconds."""

    @property
    def ending(self) -> str:
        if self.timed_out:
            return "killed: it took too long"
        if self.oom:
            return "killed: out of memory"
        return "killed by a signal" if self.exit_code is None else f"exit code {self.exit_code}"


def shown(observed: Observed, notes: tuple[str, ...]) -> str:
    """The message to the model. Output is data between tags that are in none of it."""
    parts = [observed.ending]
    if observed.output.strip():
        tag = data_tag([observed.output])
        parts.append(f"<{tag}>\n{observed.output.rstrip()}\n</{tag}>")
    else:
        parts.append("It printed nothing.")
    if observed.changed or observed.deleted:
        names = [f.path for f in observed.changed] + [f"{path} (deleted)" for path in observed.deleted]
        parts.append("Files changed: " + ", ".join(names[:40]))
    return "\n".join([*parts, *notes])


def signature(command: str, observed: Observed, files_digest: str) -> str:
    """Equal for the same action with the same observation on the same files."""
    text = "\0".join((command.strip(), observed.ending, normalised(observed.output), files_digest))
    return hashlib.sha256(text.encode()).hexdigest()


def middle_cut(text: str, most: int) -> str:
    """Head and tail of a long output: the head says what ran, the tail how it ended."""
    if len(text) <= most:
        return text
    head = most // 3
    tail = most - head
    return f"{text[:head]}\n[... {len(text) - most} characters left out ...]\n{text[-tail:]}"

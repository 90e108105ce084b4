"""One tool over one project: what to run, and how to read what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from qlp.models import Finding, InterfaceContract, Language, Stage
from qlp.sandbox.protocol import Command, ExecResult

Files = Mapping[str, str]
"""Project files: path -> content."""

Parser = Callable[[ExecResult], "Reading"]


@dataclass(frozen=True)
class Reading:
    """What a tool's output means. `broken` says that the tool itself failed, so that nothing was checked."""

    findings: tuple[Finding, ...] = ()
    facts: dict[str, int | float | str] = field(default_factory=dict)
    broken: str = ""


@dataclass(frozen=True)
class Check:
    """A command of one stage. It passes if the parser reports no finding of `fail_at` severity or above."""

    tool: str
    command: Command
    parse: Parser


@dataclass(frozen=True)
class Skip:
    """The stage cannot run here; the reason is shown to the user and lowers the claim."""

    reason: str


StagePlan = tuple[Check, ...] | Skip

TOOL_STAGES: tuple[Stage, ...] = ("syntax", "style", "types", "security", "tests")
"""The stages that a toolchain plans; runtime is the contract's."""


def nothing_to_check(kind: str) -> dict[Stage, StagePlan]:
    """Every stage skipped, because the project has no file of that kind."""
    return dict.fromkeys(TOOL_STAGES, Skip(f"the project has no {kind} file"))


@dataclass(frozen=True)
class Toolchain:
    """The tools of one language. `support` files are put beside the project under `.qlp/`, never into the capsule."""

    languages: tuple[Language, ...]
    stages: Callable[[Files, InterfaceContract], Mapping[Stage, StagePlan]]
    versions: Command
    """Prints one `tool version` a line."""
    support: Mapping[str, bytes] = field(default_factory=dict)

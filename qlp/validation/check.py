"""What a toolchain is: which tools look at a project in which stage, and how their output is read.

Built-in toolchains and plug-ins come through the same door, the entry point group `qlp.validators` (registry.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from qlp.models import Finding, ProjectLanguage, Stage
from qlp.sandbox.protocol import Command, ExecResult
from qlp.validation.project import Project

Parser = Callable[[ExecResult], "Reading"]


@dataclass(frozen=True)
class Reading:
    """What a tool's output means. `broken` says that the tool itself failed, so that nothing was checked."""

    findings: tuple[Finding, ...] = ()
    facts: dict[str, int | float | str] = field(default_factory=dict)
    broken: str = ""


@dataclass(frozen=True)
class Check:
    """One command of a stage, and how to read what it says."""

    tool: str
    command: Command
    parse: Parser
    paths: tuple[str, ...] = ()
    """Appended to the command; more than fit into one argument list are given to several runs, whose readings are
    added up. Not for tools that must see the whole program at once: give those a list in `files`."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Put into the workspace before the command runs, below `.qlp/`: argument files, configuration."""


@dataclass(frozen=True)
class Skip:
    """The stage cannot run here; the reason is shown to the user and lowers the claim.

    `applicable` False: this kind of file has no such stage (tests of a style sheet), so no policy can require it.
    """

    reason: str
    applicable: bool = True


StagePlan = tuple[Check, ...] | Skip

TOOL_STAGES: tuple[Stage, ...] = ("syntax", "style", "types", "security", "tests")
"""The stages that a toolchain plans; runtime is the contract's."""


@dataclass(frozen=True)
class Toolchain:
    """The tools for one kind of file.

    `plan` answers {} for a project that has no such file. Where a stage is planned by several toolchains, all checks
    run; a Skip counts only if it is the project's main toolchain that skips and no other one checks.
    """

    name: str
    profile: str
    """Sandbox profile in which its commands run. `analysis` reads files of any language and runs none of them."""
    plan: Callable[[Project], Mapping[Stage, StagePlan]]
    versions: Command
    """Prints one `tool version` a line."""
    languages: tuple[ProjectLanguage, ...] = ()
    """Languages whose projects are installed, built, tested and run in this profile: it is their main toolchain."""
    support: Mapping[str, bytes] = field(default_factory=dict)
    """Our own checkers: put beside the project under `.qlp/`, never into the capsule."""
    trees: Mapping[str, ProjectLanguage] = field(default_factory=dict)
    """Suffix or file name -> language, for finding out what a project is written in."""

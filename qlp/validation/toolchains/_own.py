"""Checks by our own programs of qlp/validation/support, and versions of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from qlp.models import InterfaceContract, ProjectCommand, Stage
from qlp.sandbox.protocol import Command
from qlp.validation.check import Check, StagePlan
from qlp.validation.parsers.report import report
from qlp.validation.project import Project

_MOST = 1_000_000
_ENDLESS = re.compile(r"[^\n]{20000}")
_NESTED = re.compile(r"(?:[(\[{][\s$]*){100}")

_DIGESTS = 'for f in "$@"; do echo "$(basename "$f" | cut -d. -f1)" "$(sha256sum < ".qlp/$f" | cut -c1-12)"; done'


def own_check(
    program: str,
    mode: str,
    paths: Sequence[str],
    *,
    tool: str = "",
    wall_s: float = 60,
    interpreter: tuple[str, ...] = ("python3",),
) -> Check:
    """`.qlp/<program> <mode>` over the paths, which it gets on standard input.

    `tool` is whose word it is: the tool that the program calls, by default the program itself.
    """
    tool = tool or program.partition(".")[0]
    stdin = b"".join(p.encode("utf-8", "surrogateescape") + b"\0" for p in paths)
    return Check(tool, Command(argv=(*interpreter, f".qlp/{program}", mode), stdin=stdin, wall_s=wall_s), report(tool))


def versions(script: str, *programs: str) -> Command:
    """A shell script that prints `tool version` lines, then the digests of our own programs as their versions."""
    return Command(argv=("sh", "-c", f"{script}\n{_DIGESTS}", "sh", *programs), wall_s=30)


def test_commands(contract: InterfaceContract) -> tuple[ProjectCommand, ...]:
    """Every test command of the contract."""
    return tuple(c for c in contract.commands if c.purpose == "test")


def lintable(project: Project, paths: Sequence[str]) -> tuple[str, ...]:
    """Those that a linter can be given: text of a size and shape that people write.

    Linters take minutes for one endless line or for brackets in thousands; the syntax stage judges such files.
    """
    return tuple(p for p in project.ours(paths) if (text := project.text.get(p)) is not None and _written(text))


def _written(text: str) -> bool:
    return len(text) <= _MOST and not _ENDLESS.search(text) and not _NESTED.search(text)


def planned(plans: Mapping[Stage, StagePlan]) -> Mapping[Stage, StagePlan]:
    """Without the stages for which there is no check: an empty list of checks would count as a stage that passed."""
    return {stage: plan for stage, plan in plans.items() if plan != ()}


def dotted(paths: Sequence[str]) -> tuple[str, ...]:
    """`./path`: no tool takes a name such as `-x.rb` for an option."""
    return tuple(f"./{p}" for p in paths)


def has_shebang(text: str, *programs: str) -> bool:
    """Whether the first line names one of the interpreters, with or without env."""
    first = text.split("\n", 1)[0]
    if not first.startswith("#!"):
        return False
    words = [w.rsplit("/", 1)[-1] for w in first[2:].split()]
    named = [w for w in words if w not in ("env", "-S")][:1]
    return bool(named) and named[0].rstrip("0123456789.") in programs

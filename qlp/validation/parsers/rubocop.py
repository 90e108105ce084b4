"""`rubocop --format emacs`: `path:line:col: C: [Correctable] Department/Cop: message`, short for big projects too."""

from __future__ import annotations

import re

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_LINE = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<level>[IRCWEF]): "
    r"(?P<fix>\[Correctable\] )?(?P<rule>[A-Z]\w+(?:/\w+)+): (?P<message>.*)$",
    re.M,
)
_HINTS = {
    "Lint/AssignmentInCondition", "Lint/SuppressedException", "Lint/Syntax", "Lint/UnusedBlockArgument",
    "Lint/UnusedMethodArgument",
}  # fmt: skip
"""Shown only: `while line = gets` is an idiom, and an interface's method may not need all its arguments. Syntax is
the compiler's to judge: this rubocop parses an older Ruby's grammar."""
_SERIOUS = {"Security/Eval", "Security/MarshalLoad", "Security/Open"}


def _severity(rule: str) -> Severity:
    if rule in _SERIOUS:
        return "high"
    return "medium" if rule.startswith(("Lint/", "Security/")) and rule not in _HINTS else "info"


def rubocop(result: ExecResult) -> Reading:
    """Exit 0 clean, 1 findings, 2 broken (a configuration that it cannot read, too)."""
    if result.exit_code not in (0, 1):
        return Reading(broken=f"rubocop {how_it_ended(result)}: {tail(result)}")
    out = result.stdout.decode("utf-8", "replace")
    return Reading(
        tuple(
            Finding(
                tool="rubocop",
                rule=m["rule"],
                severity=_severity(m["rule"]),
                message=m["message"],
                file=relative(m["file"]),
                line=int(m["line"]),
                column=int(m["column"]),
                fix="rubocop --autocorrect" if m["fix"] else None,
            )
            for m in _LINE.finditer(out)
        )
    )

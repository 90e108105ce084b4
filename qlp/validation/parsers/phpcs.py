"""`phpcs -s --report=emacs`: `path:line:col: error - message (Standard.Category.Sniff.Code)`."""

from __future__ import annotations

import re

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_LINE = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<level>error|warning) - (?P<message>.*) \((?P<rule>[\w.]+)\)$",
    re.M,
)
_DEFECTS = (
    "Generic.CodeAnalysis.JumbledIncrementer",
    "Generic.CodeAnalysis.UnconditionalIfStatement",
    "Generic.CodeAnalysis.UselessOverridingMethod",
    "Generic.CodeAnalysis.EmptyStatement.DetectedIf",
    "Generic.CodeAnalysis.EmptyStatement.DetectedElse",
    "Generic.CodeAnalysis.EmptyStatement.DetectedFor",
    "Generic.CodeAnalysis.EmptyStatement.DetectedWhile",
    "Generic.Classes.DuplicateClassName",
    "Generic.PHP.DeprecatedFunctions",
    "Generic.VersionControl.GitMergeConflict",
    "Squiz.Functions.FunctionDuplicateArgument",
    "Squiz.PHP.DiscouragedFunctions",
    "Squiz.PHP.Eval",
    "Squiz.PHP.NonExecutableCode",
    "Squiz.Scope.StaticThisUsage",
)
"""Sniffs that find defects; all others are about taste and are shown only."""


def phpcs(result: ExecResult) -> Reading:
    """Exit 0 clean, 1 and 2 findings (2: some can be fixed), 3 broken."""
    out = result.stdout.decode("utf-8", "replace")
    if result.exit_code not in (0, 1, 2) or (result.exit_code and not _LINE.search(out)):
        return Reading(broken=f"phpcs {how_it_ended(result)}: {tail(result)}")
    return Reading(
        tuple(
            Finding(
                tool="phpcs",
                rule=m["rule"],
                severity="medium" if m["rule"].startswith(_DEFECTS) else "info",
                message=m["message"],
                file=relative(m["file"]),
                line=int(m["line"]),
                column=int(m["column"]),
            )
            for m in _LINE.finditer(out)
            if not m["rule"].startswith("Internal.")
        )
    )

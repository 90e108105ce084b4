"""`yamllint --format parsable`: `path:line:col: [warning] message (rule)`."""

from __future__ import annotations

import re

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_LINE = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): \[(?P<level>error|warning)\] "
    r"(?P<message>.*?)(?: \((?P<rule>[\w-]+)\))?$",
    re.M,
)
_DEFECTS = {"key-duplicates", "octal-values", "anchors"}
"""Rules that find what a reader would not expect the file to mean; the others are about layout."""


def yamllint(result: ExecResult) -> Reading:
    """Exit 0 clean or warnings, 1 errors, 2 only warnings with --strict."""
    out = result.stdout.decode("utf-8", "replace")
    if result.exit_code not in (0, 1, 2) or (result.exit_code and not _LINE.search(out)):
        return Reading(broken=f"yamllint {how_it_ended(result)}: {tail(result)}")
    found = []
    for m in list(_LINE.finditer(out)):
        rule = m["rule"] or "syntax"
        if rule == "syntax":
            continue  # the syntax stage says it
        severity: Severity = "medium" if rule in _DEFECTS else "info"
        found.append(
            Finding(
                tool="yamllint",
                rule=rule,
                severity=severity,
                message=m["message"],
                file=relative(m["file"]),
                line=int(m["line"]),
                column=int(m["column"]),
            )
        )
    return Reading(tuple(found))

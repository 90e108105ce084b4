"""`shellcheck --format json1`."""

from __future__ import annotations

import json

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_SEVERITY: dict[str, Severity] = {"error": "medium", "warning": "medium", "info": "info", "style": "info"}
"""shellcheck's own error is not always one: syntax errors are `bash -n`'s to find."""
_TASTE = {
    2034,  # unused variable: scripts set variables for those that they source
    2154,  # used but not assigned: they come from the environment or a sourced file
    2155,  # declare and assign separately: only the exit code is lost
    2164,  # cd without || exit: wrong only where the folder may be missing
    2148,  # no shebang: libraries that are sourced have none
    1090,  # a sourced file whose name is not constant cannot be followed
    1007,  # `CDPATH= cd` empties a variable on purpose
    2043,  # a loop that runs once
    2044,  # for over find: wrong only for names with spaces
    2046,  # an unquoted $(...): often split on purpose
    2119,  # a function that is called without the arguments that it could take
    2120,
    2140,  # "a"b"c"
    2145,  # "text $@" in a message
    2166,  # [ p -a q ]
    2172,  # signals by number
    2206,  # arrays from unquoted text
    2207,
    3037,  # echo -n and local are in every sh that Linux has
    3043,
}
"""Warnings that correct, common scripts have: shown, but they do not fail the stage."""
_DEFECTS = {
    2068,  # "$@" unquoted: arguments with spaces are split
    2115,  # rm -rf "$dir/": the root if the variable is empty
}
_SYNTAX = range(1000, 2000)


def shellcheck(result: ExecResult) -> Reading:
    """Exit 0 clean, 1 findings, 2 a file could not be read, 3 and 4 wrong use."""
    if result.exit_code not in (0, 1):
        return Reading(broken=f"shellcheck {how_it_ended(result)}: {tail(result)}")
    found = []
    for row in json.loads(result.stdout)["comments"]:
        code = row["code"]
        severity = _SEVERITY[row["level"]]
        if code in _DEFECTS:
            severity = "medium"
        elif code in _TASTE or (code in _SYNTAX and row["level"] != "error"):
            severity = "info"
        fixes = (row.get("fix") or {}).get("replacements") or []
        end = row["endLine"] != row["line"] or row["endColumn"] != row["column"]
        found.append(
            Finding(
                tool="shellcheck",
                rule=f"SC{code}",
                severity=severity,
                message=row["message"],
                file=relative(row["file"]),
                line=row["line"],
                column=row["column"],
                end_line=row["endLine"] if end else None,
                end_column=row["endColumn"] if end else None,
                fix=f"insert {fixes[0]['replacement']!r}" if fixes and fixes[0]["replacement"] else None,
            )
        )
    return Reading(tuple(found))

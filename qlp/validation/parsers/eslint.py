"""`eslint --format json`: errors are defects, warnings matters of taste."""

from __future__ import annotations

import json

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_KEPT = 200


def eslint(result: ExecResult) -> Reading:
    """Exit 0 clean, 1 findings, 2 broken."""
    if result.exit_code not in (0, 1):
        return Reading(broken=f"eslint {how_it_ended(result)}: {tail(result)}")
    found = []
    for entry in json.loads(result.stdout):
        for row in entry["messages"]:
            suggestions = row.get("suggestions") or [{}]
            found.append(
                Finding(
                    rule=row.get("ruleId") or "parse",
                    severity="medium" if row["severity"] == 2 else "low",
                    message=row["message"],
                    file=relative(entry["filePath"]),
                    line=row.get("line") or None,
                    column=row.get("column") or None,
                    end_line=row.get("endLine"),
                    end_column=row.get("endColumn"),
                    fix="eslint --fix" if row.get("fix") else suggestions[0].get("desc"),
                )
            )
    return Reading(tuple(found[:_KEPT]))

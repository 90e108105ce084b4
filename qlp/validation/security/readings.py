"""Reads what the programs in the sandbox print (inside/report.py)."""

from __future__ import annotations

import json

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser, Reading
from qlp.validation.readings import how_it_ended, tail


def report(tool: str) -> Parser:
    """Parser of `security.pyz` for one of its commands; `broken` where it did not end well."""

    def parse(result: ExecResult) -> Reading:
        if not result.ok:
            return Reading(broken=f"{tool} {how_it_ended(result)}: {tail(result)}")
        made = json.loads(result.stdout.decode("utf-8", "replace"))
        found = tuple(
            Finding(
                rule=row["rule"],
                severity=row["severity"],
                message=row["message"],
                file=row.get("file"),
                line=row.get("line"),
                column=row.get("column"),
                end_line=row.get("end_line"),
                end_column=row.get("end_column"),
                fix=row.get("fix") or None,
                tool=tool,
            )
            for row in made["findings"]
        )
        return Reading(found, {f"{tool}_{name}": value for name, value in made["facts"].items()})

    return parse

"""What our own checkers print (support/qlp_report.py): {files, findings, facts, broken}."""

from __future__ import annotations

import json

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser, Reading
from qlp.validation.readings import how_it_ended, tail


def report(tool: str) -> Parser:
    """A checker always exits 0; anything else says that the checker itself broke."""

    def parse(result: ExecResult) -> Reading:
        if not result.ok:
            return Reading(broken=f"the checker of {tool} {how_it_ended(result)}: {tail(result)}")
        data = json.loads(result.stdout)
        return Reading(
            tuple(Finding(tool=tool, **row) for row in data["findings"]),
            {"files": data["files"], **data["facts"]},
            "; ".join(data["broken"]),
        )

    return parse

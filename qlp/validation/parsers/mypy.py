"""`mypy --output json`: one object a line; exit 2 means that mypy could not analyse."""

from __future__ import annotations

import json

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser, Reading
from qlp.validation.readings import how_it_ended, relative, tail

_KEPT = 200
_FOREIGN = frozenset(("import-untyped", "import-not-found"))


def mypy(*, depends: bool) -> Parser:
    """`depends`: the project names packages that it needs. One that the sandbox lacks has no types here, which says
    nothing about the project; without such a list an import that leads nowhere is a defect."""

    def parse(result: ExecResult) -> Reading:
        if result.exit_code not in (0, 1):
            return Reading(broken=f"mypy {how_it_ended(result)}: {tail(result)}")
        found = []
        for line in result.stdout.decode("utf-8", "replace").splitlines():
            row = json.loads(line) if line.startswith("{") else {}
            if row.get("severity") != "error":
                continue
            rule = row.get("code") or "mypy"
            foreign = rule == "import-untyped" or (depends and rule in _FOREIGN)
            severity: Severity = "low" if foreign else "medium"
            found.append(
                Finding(
                    rule=rule,
                    severity=severity,
                    message=row["message"],
                    file=relative(row["file"]),
                    line=row["line"] if row["line"] > 0 else None,
                    column=row["column"] + 1 if row["column"] >= 0 else None,
                    fix=row.get("hint") or None,
                )
            )
        if result.exit_code == 1 and not found:
            return Reading(broken=f"mypy failed without a finding: {tail(result)}")
        return Reading(tuple(found[:_KEPT]))

    return parse

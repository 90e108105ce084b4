"""`ruff check --output-format json`: what is suspicious fails the style stage, what is taste is shown."""

from __future__ import annotations

import json
import re

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_KEPT = 200

DEFECTS = (
    "F", "E9", "E721", "E722", "W605", "PLE", "PLW0120", "PLW0127", "PLW0128", "PLW0129", "PLW0131", "PLW0133",
    "PLW0177", "PLW0245", "PLW0406", "PLW0602", "PLW0711", "PLR0124", "RUF006", "RUF016", "RUF018", "RUF040",
    "B002", "B003", "B005", "B006", "B012", "B015", "B016", "B018", "B020", "B021", "B022", "B023", "B025", "B029",
    "B030", "B031", "B032", "B033", "B035", "B039", "ASYNC100", "ASYNC220", "ASYNC221", "ASYNC222", "ASYNC251",
)  # fmt: skip
"""Rules that are asked of a project that brings no configuration of ruff: each names something that is wrong or does
nothing, in code that people write on purpose next to never."""

_SUSPICIOUS = re.compile(r"(?:F|E9|E721|E722|W605|PLE|PLW|PLR0124|B|ASYNC|RUF0(?:06|16|18|40)|S|BLE|invalid-syntax)")
_HARMLESS = frozenset(("F403", "F405", "F541", "B904", "B905", "B007", "B028", "B009", "B010", "B013", "B014", "B017"))
"""Of those families, what is a matter of taste or of a module's interface."""


def ruff(result: ExecResult) -> Reading:
    """Exit 0 clean, 1 findings, 2 broken."""
    if result.exit_code not in (0, 1):
        return Reading(broken=f"ruff {how_it_ended(result)}: {tail(result)}")
    found = []
    for row in json.loads(result.stdout)[:_KEPT]:
        code, file, fix = row.get("code") or "invalid-syntax", relative(row["filename"]), row.get("fix") or {}
        place, end = row["location"], row.get("end_location") or {}
        found.append(
            Finding(
                rule=code,
                severity=severity(code, file),
                message=row["message"],
                file=file,
                line=place["row"],
                column=place["column"],
                end_line=end.get("row"),
                end_column=end.get("column"),
                fix=fix.get("message"),
            )
        )
    return Reading(tuple(found))


def severity(code: str, file: str) -> Severity:
    if code == "F401" and file.rsplit("/", 1)[-1] == "__init__.py":
        return "low"  # a package's face: other modules import it from here
    return "medium" if _SUSPICIOUS.match(code) and code not in _HARMLESS else "low"

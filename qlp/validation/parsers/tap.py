"""The Test Anything Protocol: `bats --tap`, and `prove -v` with the tests' own output in between."""

from __future__ import annotations

import re

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser, Reading
from qlp.validation.readings import how_it_ended, tail

_LINE = re.compile(
    r"^(?P<not>not )?ok\b(?: +(?P<number>\d+))?(?: +-)?(?P<name>[^#\n]*)(?:# *(?P<mark>skip|todo)\b.*)?", re.M | re.I
)
_DETAIL = 1500


def tap(tool: str) -> Parser:
    def parse(result: ExecResult) -> Reading:
        out = result.stdout.decode("utf-8", "replace")
        rows = list(_LINE.finditer(out))
        marks = [(row["mark"] or "").lower() for row in rows]
        failed = [row for row, mark in zip(rows, marks, strict=True) if row["not"] and mark != "todo"]
        skipped = sum(bool(mark) for mark in marks)
        facts: dict[str, int | float | str] = {
            "tests_passed": len(rows) - len(failed) - skipped,
            "tests_failed": len(failed),
            "tests_skipped": skipped,
        }
        if result.ok and not failed:
            if facts["tests_passed"]:
                return Reading(facts=facts)
            message = f"{tool} ran no test that passed"
            return Reading((Finding(rule="no-test-ran", severity="high", message=message, tool=tool),), facts)
        findings = [
            Finding(
                rule="test-failed",
                severity="high",
                message=f"{row['name'].strip() or 'test ' + (row['number'] or '?')}\n{_detail(out, row.end())}".strip(),
                tool=tool,
            )
            for row in failed[:50]
        ]
        if not findings:
            message = f"{tool} {how_it_ended(result)}\n{tail(result, 25)}"
            findings = [Finding(rule="tests-broken", severity="high", message=message, tool=tool)]
        return Reading(tuple(findings), facts)

    return parse


def _detail(out: str, start: int) -> str:
    """The `#` lines below a failed test."""
    kept: list[str] = []
    for line in out[start:].lstrip("\n").splitlines():
        if not line.lstrip().startswith("#"):
            break
        kept.append(line.strip())
    return "\n".join(kept)[:_DETAIL]

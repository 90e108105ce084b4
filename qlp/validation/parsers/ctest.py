"""ctest with --output-on-failure."""

from __future__ import annotations

import re

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, tail

_TEST = re.compile(
    r"^ *\d+/\d+ Test +#\d+: (?P<name>\S+) [ .]*(?P<state>Passed|\*\*\*(?P<why>[^\n]*?)) +[\d.]+ sec$", re.M
)
_SHOWN = 2000


def ctest(result: ExecResult) -> Reading:
    """Counts are ctest's tests; --no-tests=error makes a project without one fail."""
    out = result.stdout.decode("utf-8", "replace")
    tests = list(_TEST.finditer(out))
    skipped = [t for t in tests if (t["why"] or "").strip() in ("Skipped", "Not Run (Disabled)")]
    failed = [t for t in tests if t["state"] != "Passed" and t not in skipped]
    passed = len(tests) - len(failed) - len(skipped)
    facts: dict[str, int | float | str] = {
        "tests_passed": passed, "tests_failed": len(failed), "tests_skipped": len(skipped),
    }  # fmt: skip
    if failed:
        return Reading(tuple(_finding(t, out) for t in failed[:50]), facts)
    if result.ok and passed:
        return Reading(facts=facts)
    if result.ok or "No tests were found" in out + result.stderr.decode("utf-8", "replace"):
        return Reading((Finding(rule="no-test-ran", severity="high", message="ctest ran no test that passed"),), facts)
    message = f"ctest {how_it_ended(result)}\n{tail(result, 25)}"
    return Reading((Finding(rule="tests-broken", severity="high", message=message),), facts)


def _finding(test: re.Match[str], out: str) -> Finding:
    rest = out[test.end() :]
    after = re.search(r"^ +Start +\d+: |^ *\d+% tests passed|^ *\d+/\d+ Test ", rest, re.M)
    body = rest[: after.start() if after else None].strip()[:_SHOWN]
    why = (test["why"] or "failed").strip()
    return Finding(rule="test-failed", severity="high", message=f"{test['name']} {why}\n{body}")

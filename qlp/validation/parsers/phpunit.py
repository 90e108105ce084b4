"""PHPUnit's text output, versions 9 to 11: `OK (3 tests, 4 assertions)` or `Tests: 3, Assertions: 4, Failures: 1.`"""

from __future__ import annotations

import re

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_OK = re.compile(r"^OK \((?P<tests>\d+) tests?, \d+ assertions?\)", re.M)
_COUNTS = re.compile(r"^Tests: (?P<tests>\d+), Assertions: \d+(?P<more>.*)$", re.M)
_COUNT = re.compile(r"(Failures|Errors|Skipped|Incomplete|Risky): (\d+)")
_FAILED = re.compile(
    r"^\d+\) (?P<name>[\w\\]+::.+)\n"
    r"(?P<message>(?:.|\n(?!\d+\) |FAILURES|ERRORS|OK|--$|Tests:))*)",
    re.M,
)
_PLACE = re.compile(r"^(?P<file>/\S.*\.php):(?P<line>\d+)$", re.M)


def phpunit(result: ExecResult) -> Reading:
    out = result.stdout.decode("utf-8", "replace")
    fine = next(iter(reversed(list(_OK.finditer(out)))), None)
    counts = next(iter(reversed(list(_COUNTS.finditer(out)))), None)
    if fine is None and counts is None:
        rule = "no-test-ran" if result.ok else "tests-broken"
        message = f"phpunit {how_it_ended(result)} and reported no test\n{tail(result, 25)}"
        return Reading((Finding(rule=rule, severity="high", message=message, tool="phpunit"),))
    ran = int((fine or counts)["tests"])  # type: ignore[index]
    other = {name: int(n) for name, n in _COUNT.findall(counts["more"])} if counts else {}
    failed = other.get("Failures", 0) + other.get("Errors", 0)
    skipped = other.get("Skipped", 0) + other.get("Incomplete", 0) + other.get("Risky", 0)
    facts: dict[str, int | float | str] = {
        "tests_passed": max(0, ran - failed - skipped),
        "tests_failed": failed,
        "tests_skipped": skipped,
    }
    if result.ok and not failed:
        if facts["tests_passed"]:
            return Reading(facts=facts)
        message = "phpunit ran no test that passed and asserted something"
        return Reading((Finding(rule="no-test-ran", severity="high", message=message, tool="phpunit"),), facts)
    findings = []
    for m in list(_FAILED.finditer(out))[: min(failed, 50)]:
        place = _PLACE.search(m["message"])
        findings.append(
            Finding(
                rule="test-failed",
                severity="high",
                message=f"{m['name']}: {m['message'].strip()[:1500]}",
                file=relative(place["file"]) if place else None,
                line=int(place["line"]) if place else None,
                tool="phpunit",
            )
        )
    if not findings:
        message = f"phpunit {how_it_ended(result)}\n{tail(result, 25)}"
        findings.append(Finding(rule="tests-broken", severity="high", message=message, tool="phpunit"))
    return Reading(tuple(findings), facts)

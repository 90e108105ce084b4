"""Test runs of Ruby: minitest and test-unit (`3 runs, 4 assertions, ...`), rspec (`3 examples, 1 failure`)."""

from __future__ import annotations

import re

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_MINITEST = re.compile(
    r"^(?P<runs>\d+) (?:runs|tests), \d+ assertions, (?P<failures>\d+) failures, (?P<errors>\d+) errors"
    r"(?:, (?P<pendings>\d+) pendings, (?P<omissions>\d+) omissions, \d+ notifications|, (?P<skips>\d+) skips)",
    re.M,
)
_MINITEST_FAILED = re.compile(
    r"^ *(?:\d+\) )?(?:Failure|Error):\n(?P<name>\S+?)(?: \[(?P<file>[^\]\n]+?):(?P<line>\d+)\])?:\n"
    r"(?P<message>.*(?:\n(?!\n).*){0,11})",
    re.M,
)
_RSPEC = re.compile(
    r"^(?P<examples>\d+) examples?, (?P<failures>\d+) failures?(?:, (?P<pending>\d+) pending)?"
    r"(?:, (?P<errors>\d+) errors? occurred outside of examples)?",
    re.M,
)
_RSPEC_FAILED = re.compile(r"^  \d+\) (?P<name>.+)\n(?P<message>(?:     .*\n|\n(?=     ))+)", re.M)
_RSPEC_PLACE = re.compile(r"^ *# \./(?P<file>[^:\n]+):(?P<line>\d+)", re.M)
_MOST = 50


def minitest(result: ExecResult) -> Reading:
    out = result.stdout.decode("utf-8", "replace")
    count = next(iter(reversed(list(_MINITEST.finditer(out)))), None)
    if count is None:
        return _no_summary("ruby", result)
    failed = int(count["failures"]) + int(count["errors"])
    skipped = int(count["skips"] or 0) + int(count["pendings"] or 0) + int(count["omissions"] or 0)
    rows = [
        (m["name"], m["message"].strip(), m["file"], m["line"]) for m in list(_MINITEST_FAILED.finditer(out))[:_MOST]
    ]
    return _reading("minitest", result, int(count["runs"]), failed, skipped, rows)


def rspec(result: ExecResult) -> Reading:
    out = result.stdout.decode("utf-8", "replace")
    count = next(iter(reversed(list(_RSPEC.finditer(out)))), None)
    if count is None:
        return _no_summary("rspec", result)
    failed = int(count["failures"]) + int(count["errors"] or 0)
    rows = []
    for m in list(_RSPEC_FAILED.finditer(out))[:_MOST]:
        place = _RSPEC_PLACE.search(m["message"])
        rows.append((m["name"], m["message"].strip(), place and place["file"], place and place["line"]))
    return _reading("rspec", result, int(count["examples"]), failed, int(count["pending"] or 0), rows)


def _no_summary(tool: str, result: ExecResult) -> Reading:
    """Nothing was counted: the tests could not be loaded, or the program ended itself first."""
    rule = "no-test-ran" if result.ok else "tests-broken"
    message = f"{tool} {how_it_ended(result)} and reported no test\n{tail(result, 25)}"
    return Reading((Finding(rule=rule, severity="high", message=message, tool=tool),))


def _reading(
    tool: str,
    result: ExecResult,
    ran: int,
    failed: int,
    skipped: int,
    rows: list[tuple[str, str, str | None, str | None]],
) -> Reading:
    facts: dict[str, int | float | str] = {
        "tests_passed": max(0, ran - failed - skipped),
        "tests_failed": failed,
        "tests_skipped": skipped,
    }
    if result.ok and not failed:
        if facts["tests_passed"]:
            return Reading(facts=facts)
        message = f"{tool} ran no test that passed"
        return Reading((Finding(rule="no-test-ran", severity="high", message=message, tool=tool),), facts)
    findings = tuple(
        Finding(
            rule="test-failed",
            severity="high",
            message=f"{name}: {message[:1500]}",
            file=relative(file) if file else None,
            line=int(line) if line else None,
            tool=tool,
        )
        for name, message, file, line in rows
    )
    broken = Finding(
        rule="tests-broken", severity="high", message=f"{tool} {how_it_ended(result)}\n{tail(result, 25)}", tool=tool
    )
    return Reading(findings or (broken,), facts)

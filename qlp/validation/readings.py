"""Parsers of the tools' outputs. Each gives findings with file, line and rule, or says that the tool broke."""

from __future__ import annotations

import json
import re
from typing import Any

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser, Reading

WORKSPACE = "/workspace/"
_MAX_FINDINGS = 10_000
"""Far more than a stage keeps (parts.py), which counts what it drops."""


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def relative(path: str) -> str:
    return path.removeprefix(WORKSPACE).removeprefix("./")


def how_it_ended(result: ExecResult) -> str:
    """One clause for a message: why the command did not succeed."""
    if result.oom:
        return "ran out of memory"
    if result.timed_out:
        return f"did not end within its time limit ({result.wall_s:.0f} s)"
    if result.signal is not None:
        return f"was ended by signal {result.signal}"
    return f"exited {result.exit_code}"


def tail(result: ExecResult, lines: int = 12) -> str:
    """The last lines that the command printed, stderr first choice."""
    text = _text(result.stderr).strip() or _text(result.stdout).strip()
    return "\n".join(text.splitlines()[-lines:])


def exit_code(rule: str, severity: Severity = "high") -> Parser:
    """Parser of tools whose exit code says it all; the output's tail becomes the message."""

    def parse(result: ExecResult) -> Reading:
        if result.ok:
            return Reading()
        return Reading((Finding(rule=rule, severity=severity, message=f"{how_it_ended(result)}\n{tail(result)}"),))

    return parse


def _json(result: ExecResult) -> Any:
    return json.loads(_text(result.stdout))


def syntax_report(result: ExecResult) -> Reading:
    """Output of support/py_syntax.py and support/js_syntax.cjs: {files, errors: [{file, line, column, message}]}."""
    if not result.ok:
        return Reading(broken=f"the syntax checker {how_it_ended(result)}: {tail(result)}")
    rows = _json(result)
    return Reading(
        tuple(
            Finding(
                rule="syntax-error",
                severity="critical",
                message=row["message"],
                file=row["file"],
                line=row["line"],
                column=row["column"],
            )
            for row in rows["errors"]
        ),
        {"files": rows["files"]},
    )


def ruff(result: ExecResult) -> Reading:
    """`ruff check --output-format json`: exit 0 clean, 1 findings, 2 broken."""
    if result.exit_code not in (0, 1):
        return Reading(broken=f"ruff {how_it_ended(result)}: {tail(result)}")
    found = []
    for row in _json(result)[:_MAX_FINDINGS]:
        fix = row.get("fix") or {}
        found.append(
            Finding(
                rule=row.get("code") or "syntax",
                severity="medium",
                message=row["message"],
                file=relative(row["filename"]),
                line=row["location"]["row"],
                column=row["location"]["column"],
                fix=fix.get("message"),
            )
        )
    return Reading(tuple(found))


_FORMAT = re.compile(r"^Would reformat: (.+)$", re.M)


def ruff_format(result: ExecResult) -> Reading:
    """`ruff format --check`: a matter of taste, so it never fails the stage."""
    if result.exit_code not in (0, 1):
        return Reading(broken=f"ruff format {how_it_ended(result)}: {tail(result)}")
    return Reading(
        tuple(
            Finding(rule="format", severity="info", message="ruff format would change this file", file=relative(name))
            for name in _FORMAT.findall(_text(result.stdout))[:_MAX_FINDINGS]
        )
    )


def mypy(result: ExecResult) -> Reading:
    """`mypy --output json`: one object a line; exit 2 means that mypy could not analyse."""
    if result.exit_code not in (0, 1):
        return Reading(broken=f"mypy {how_it_ended(result)}: {tail(result)}")
    found = []
    for line in _text(result.stdout).splitlines():
        if not line.startswith("{"):
            continue
        row = json.loads(line)
        if row["severity"] == "error":
            found.append(
                Finding(
                    rule=row.get("code") or "mypy",
                    severity="medium",
                    message=row["message"],
                    file=relative(row["file"]),
                    line=row["line"],
                    column=row["column"] + 1,
                    fix=row.get("hint") or None,
                )
            )
    if result.exit_code == 1 and not found:
        return Reading(broken=f"mypy failed without a finding: {tail(result)}")
    return Reading(tuple(found[:_MAX_FINDINGS]))


_BANDIT_SEVERITY: dict[str, Severity] = {"LOW": "low", "MEDIUM": "medium", "HIGH": "high"}


def bandit(result: ExecResult) -> Reading:
    """`bandit -f json`: low severities are shown, medium and above fail the stage."""
    if result.exit_code not in (0, 1):
        return Reading(broken=f"bandit {how_it_ended(result)}: {tail(result)}")
    data = _json(result)
    if data["errors"]:
        first = data["errors"][0]
        return Reading(broken=f"bandit could not read {relative(first['filename'])}: {first['reason']}")
    return Reading(
        tuple(
            Finding(
                rule=row["test_id"],
                severity=_BANDIT_SEVERITY[row["issue_severity"]],
                message=row["issue_text"],
                file=relative(row["filename"]),
                line=row["line_number"],
                column=row["col_offset"] + 1,
            )
            for row in data["results"][:_MAX_FINDINGS]
        )
    )


_PYTEST_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)")
_PYTEST_FAILED = re.compile(r"^(?:FAILED|ERROR) ([^\s:]+)(?:::(\S+))?(?: - (.*))?$", re.M)


def pytest(result: ExecResult) -> Reading:
    """`pytest -q -rfE`: counts come from the closing line, the verdict from the exit code."""
    out = _text(result.stdout)
    closing = next((line for line in reversed(out.splitlines()) if _PYTEST_COUNT.search(line)), "")
    counts = {
        name.rstrip("s") if name.startswith("error") else name: int(n) for n, name in _PYTEST_COUNT.findall(closing)
    }
    facts: dict[str, int | float | str] = {
        "tests_passed": counts.get("passed", 0),
        "tests_failed": counts.get("failed", 0) + counts.get("error", 0),
        "tests_skipped": counts.get("skipped", 0),
    }
    if result.ok and facts["tests_passed"]:
        return Reading(facts=facts)
    if result.ok or result.exit_code == 5:
        return Reading((Finding(rule="no-test-ran", severity="high", message="pytest ran no test that passed"),), facts)
    findings = [
        Finding(
            rule="test-failed",
            severity="high",
            message=f"{name or file}: {message or 'failed'}\n{_pytest_section(out, name)}".strip(),
            file=relative(file),
        )
        for file, name, message in _PYTEST_FAILED.findall(out)[:_MAX_FINDINGS]
    ]
    if not findings:
        findings = [
            Finding(rule="tests-broken", severity="high", message=f"pytest {how_it_ended(result)}\n{tail(result, 25)}")
        ]
    return Reading(tuple(findings), facts)


def _pytest_section(out: str, name: str, limit: int = 1500) -> str:
    """The traceback that pytest printed under `____ name ____`."""
    plain = name.split("::")[-1].split("[")[0]
    start = re.search(rf"^_+ .*{re.escape(plain)}.* _+$", out, re.M) if plain else None
    if not start:
        return ""
    rest = out[start.end() :]
    end = re.search(r"^(?:_{4,} |={4,} )", rest, re.M)
    return rest[: end.start() if end else None].strip()[-limit:]


_TSC = re.compile(r"^(?P<file>[^\s(]+)\((?P<line>\d+),(?P<col>\d+)\): error (?P<rule>TS\d+): (?P<message>.+)$", re.M)


def tsc(result: ExecResult) -> Reading:
    """`tsc --noEmit --pretty false`."""
    if result.ok:
        return Reading()
    found = tuple(
        Finding(
            rule=m["rule"],
            severity="medium",
            message=m["message"],
            file=relative(m["file"]),
            line=int(m["line"]),
            column=int(m["col"]),
        )
        for m in _TSC.finditer(_text(result.stdout))
    )
    return Reading(found[:_MAX_FINDINGS]) if found else Reading(broken=f"tsc {how_it_ended(result)}: {tail(result)}")


def eslint(result: ExecResult) -> Reading:
    """`eslint --format json`: exit 0 clean, 1 findings, 2 broken."""
    if result.exit_code not in (0, 1):
        return Reading(broken=f"eslint {how_it_ended(result)}: {tail(result)}")
    return Reading(
        tuple(
            Finding(
                rule=row.get("ruleId") or "parse",
                severity="medium" if row["severity"] == 2 else "low",
                message=row["message"],
                file=relative(entry["filePath"]),
                line=row.get("line"),
                column=row.get("column"),
            )
            for entry in _json(result)
            for row in entry["messages"]
        )[:_MAX_FINDINGS]
    )

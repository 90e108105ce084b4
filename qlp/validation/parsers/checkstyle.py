"""checkstyle's plain report: `[ERROR] file:line:column: text [Check]`."""

from __future__ import annotations

import re

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_MAX_FINDINGS = 200
_LINE = re.compile(
    r"^\[(?P<level>ERROR|WARN|INFO)\] (?P<file>.+?):(?P<line>\d+)(?::(?P<col>\d+))?: (?P<text>.*) \[(?P<rule>\w+)\]$",
    re.M,
)
_SEVERITY: dict[str, Severity] = {"ERROR": "medium", "WARN": "low", "INFO": "info"}
_UNREAD = "Got an exception"


def checkstyle(result: ExecResult) -> Reading:
    """Exit code: the number of errors, 254 for an exception. A file that checkstyle's parser does not know is shown:
    it may be newer Java than checkstyle's, and whether it parses is the syntax stage's question."""
    out = result.stdout.decode("utf-8", "replace")
    if result.exit_code is None or result.timed_out or result.oom or "Audit done." not in out:
        return Reading(broken=f"checkstyle {how_it_ended(result)}: {tail(result)}")
    findings = tuple(map(_finding, _LINE.finditer(out)))
    return Reading(findings[:_MAX_FINDINGS], {"unread": sum(f.rule == "unread" for f in findings)})


def _finding(found: re.Match[str]) -> Finding:
    unread = found["text"].startswith(_UNREAD)
    return Finding(
        rule="unread" if unread else found["rule"],
        severity="info" if unread else _SEVERITY[found["level"]],
        message=f"checkstyle cannot read this file: {found['text']}" if unread else found["text"],
        file=relative(found["file"]),
        line=int(found["line"]),
        column=int(found["col"]) if found["col"] else None,
    )

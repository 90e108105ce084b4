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
_UNREAD = re.compile(
    r"^\[ERROR\] (?P<file>[^\n]+?):\d+: Got an exception - (?P<text>[^\n]+)\n"
    r"(?P<trace>(?:\t| *Caused|\s+\.\.\.)[^\n]*\n)*",
    re.M,
)
_COPIES = ".qlp/style/"


def checkstyle(result: ExecResult) -> Reading:
    """Exit code: the number of errors, 254 for an exception. A file that its parser does not know is shown: whether it
    is Java is the syntax stage's question."""
    out = result.stdout.decode("utf-8", "replace")
    if result.exit_code is None or result.timed_out or result.oom or "Audit done." not in out:
        return Reading(broken=f"checkstyle {how_it_ended(result)}: {tail(result)}")
    unread = tuple(
        Finding(
            rule="unread",
            severity="info",
            message=f"checkstyle cannot read this file: {_reason(m)}",
            file=_path(m["file"]),
        )
        for m in _UNREAD.finditer(out)
    )
    findings = tuple(map(_finding, _LINE.finditer(out)))
    return Reading((findings + unread)[:_MAX_FINDINGS], {"unread": len(unread)})


def _reason(found: re.Match[str]) -> str:
    causes = re.findall(r"^Caused by: [^\n]*?:(\d+:\d+: [^\n]+)$", found[0], re.M)
    return causes[-1] if causes else found["text"]


def _path(name: str) -> str:
    return relative(relative(name).removeprefix(_COPIES))


def _finding(found: re.Match[str]) -> Finding:
    return Finding(
        rule=found["rule"],
        severity=_SEVERITY[found["level"]],
        message=found["text"],
        file=_path(found["file"]),
        line=int(found["line"]),
        column=int(found["col"]) if found["col"] else None,
    )

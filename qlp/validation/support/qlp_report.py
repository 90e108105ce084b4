"""Runs in the sandbox: what the checkers beside it share. They get paths on standard input, each ended by a zero byte,
and print {files, findings} as JSON; parsers/report.py reads it.

Only the standard library, so that it works with the Python of every image.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

MAX_FINDINGS = 200
"""Printed; the worst first, so that a flood of trifles hides nothing."""
MAX_SOURCE = 4_000_000
"""Bytes of one file that are parsed. Larger ones are a finding: nobody reads them, and parsers take minutes."""
MAX_DEPTH = 200
"""Nesting beyond which a file is reported instead of parsed."""
_ORDER = ("critical", "high", "medium", "low", "info")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_FIXTURE = re.compile(
    r"(?:^|/)(?:fixtures?|testdata|test[-_]data|__fixtures__|snapshots|__snapshots__)/"
    r"|(?:^|/)(?:tests?|spec)/(?:.*/)?[^/]*(?:invalid|malformed|broken|corrupt|bad)[^/]*$",
    re.I,
)


class Report:
    """Findings of one run."""

    def __init__(self) -> None:
        self.findings: list[dict[str, Any]] = []
        self.facts: dict[str, int | float | str] = {}
        self.files = 0
        self.broken: list[str] = []
        """Files that no tool here can check, and why: the stage did not look at everything."""

    def add(
        self,
        rule: str,
        severity: str,
        message: str,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        fix: str | None = None,
    ) -> None:
        """`line` and `column` from 1."""
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", message).strip()
        row = {
            "rule": rule,
            "severity": severity,
            "message": text if len(text) <= 500 else text[:499] + "\N{HORIZONTAL ELLIPSIS}",
            "file": file,
            "line": line if line and line > 0 else None,
            "column": column if column and column > 0 else None,
            "fix": fix,
        }
        if row not in self.findings[-20:]:
            self.findings.append(row)

    def text(self, path: str, *, limit: int = MAX_SOURCE, quiet: bool = False) -> str | None:
        """The file's text; None, with a finding unless `quiet`, where it is not UTF-8, binary or too large."""
        try:
            with open(path, "rb") as handle:
                raw = handle.read(limit + 1)
        except OSError as error:
            if not quiet:
                self.add("unreadable", "high", f"the file cannot be read: {error.strerror}", path)
            return None
        problem = ("", 0)
        if len(raw) > limit:
            problem = (f"the file is larger than {limit // 1_000_000} MB and was not checked", 0)
        elif b"\0" in raw:
            problem = ("the file holds zero bytes: it is binary, not source", raw[: raw.index(b"\0")].count(b"\n") + 1)
        else:
            try:
                return raw.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                problem = (f"the file is not UTF-8 ({error.reason})", raw[: error.start].count(b"\n") + 1)
        if not quiet:
            rule = "too-large" if len(raw) > limit else "not-text"
            self.add(rule, "high", problem[0], path, problem[1])
        return None

    def emit(self) -> None:
        rows = sorted(self.findings, key=lambda r: _ORDER.index(r["severity"]))
        facts = dict(self.facts)
        if len(rows) > MAX_FINDINGS:
            facts["findings_not_shown"] = len(rows) - MAX_FINDINGS
        shown = rows[:MAX_FINDINGS]
        json.dump({"files": self.files, "findings": shown, "facts": facts, "broken": self.broken[:5]}, sys.stdout)


def paths() -> list[str]:
    return [p.decode("utf-8", "surrogateescape") for p in sys.stdin.buffer.read().split(b"\0") if p]


def is_fixture(path: str) -> bool:
    """Data that tests feed to a parser may be broken on purpose."""
    return bool(_FIXTURE.search(path))


def texts(report: Report, *, quiet: bool = False, limit: int = MAX_SOURCE) -> Iterator[tuple[str, str]]:
    """(path, text) of every readable file that was named."""
    for path in paths():
        report.files += 1
        text = report.text(path, quiet=quiet, limit=limit)
        if text is not None:
            yield path, text


def too_deep(text: str, opening: str = "([{", closing: str = ")]}", most: int = MAX_DEPTH) -> int | None:
    """The line on which brackets nest deeper than `most`; strings are not looked into, so only a rough guard."""
    depth = 0
    line = 1
    for char in text:
        if char == "\n":
            line += 1
        elif char in opening:
            depth += 1
            if depth > most:
                return line
        elif char in closing:
            depth = max(0, depth - 1)
    return None

"""Runs in the sandbox: each file through its own interpreter's syntax check, which runs none of it (`perl -c` runs
BEGIN blocks). `script_syntax.py bash|php|perl|perl-warnings`; paths as qlp_report.py says.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from qlp_report import Report, paths  # type: ignore[import-not-found]

FILE_S = 20.0
"""Wall seconds for one file."""
Row = tuple[str, str, str, int | None]
"""Rule, severity, message, line."""

_BASH = re.compile(r"^(?P<file>.*?): line (?P<line>\d+): (?P<message>.*)$", re.M)
_PHP = re.compile(
    r"^(?:PHP )?(?P<kind>[A-Z][a-z]+(?: [a-z]+)?):\s+(?P<message>.*) in (?P<file>.+?) on line (?P<line>\d+)$", re.M
)
_PERL = re.compile(r"^(?P<message>.+?) at (?P<file>\S.*?) line (?P<line>\d+)(?:, .*)?\.?$", re.M)
_MISSING = re.compile(r"Can't locate (?P<file>\S+\.pm) in @INC")


def bash(path: str, code: int | None, out: str) -> list[Row]:
    rows: list[Row] = []
    for m in _BASH.finditer(out):
        message = m["message"]
        if message.startswith("`") and rows:
            continue  # the source line that bash shows below its message
        if "here-document" in message:
            rows.append(("syntax-error", "critical", message.removeprefix("warning: "), int(m["line"])))
        elif not message.startswith("warning: "):
            rows.append(("syntax-error", "critical", message, int(m["line"])))
    return rows


def php(path: str, code: int | None, out: str) -> list[Row]:
    rows: list[Row] = []
    for m in _PHP.finditer(out):
        if m["kind"] == "Deprecated":
            rows.append(("deprecated", "low", m["message"], int(m["line"])))
        elif m["kind"] != "Warning" or code == 0:
            severity = "low" if m["kind"] in ("Warning", "Notice") else "critical"
            rows.append(
                ("syntax-error" if severity == "critical" else "warning", severity, m["message"], int(m["line"]))
            )
    return rows


_PERL_DEFECTS = re.compile(
    r"masks earlier declaration|Useless use of|Found = in conditional|redefined|Scalar value @|Unquoted string|"
    r"Statement unlikely to be reached|Possible precedence|Applying pattern match|Unsuccessful|isn't numeric|Odd number"
)


def perl_warnings(path: str, code: int | None, out: str) -> list[Row]:
    if code != 0:
        return []  # the syntax stage says why
    return [
        ("perl-warning", "medium" if _PERL_DEFECTS.search(m["message"]) else "info", m["message"], int(m["line"]))
        for m in _PERL.finditer(out)
        if m["file"].endswith(path)
    ]


def perl(path: str, code: int | None, out: str) -> list[Row]:
    missing = _MISSING.search(out)
    if missing:
        module = missing["file"].removesuffix(".pm").replace("/", "::")
        return [("missing-module", "missing", f"{module} is neither in the project nor in the sandbox image", None)]
    if code == 0:
        return []
    return [
        ("syntax-error", "critical", m["message"], int(m["line"]) if m["file"].endswith(path) else None)
        for m in _PERL.finditer(out)
        if "BEGIN failed" not in m["message"] and "had compilation errors" not in m["message"]
    ]


_TOOLS: dict[str, tuple[tuple[str, ...], Callable[[str, int | None, str], list[Row]]]] = {
    "bash": (("bash", "--norc", "--noprofile", "-n", "--"), bash),
    "php": (("php", "-n", "-d", "display_errors=1", "-d", "html_errors=0", "-d", "error_reporting=-1", "-d",
             "memory_limit=512M", "-l"), php),
    "perl-warnings": (("perl", "-I.", "-Ilib", "-wc", "--"), perl_warnings),
    "perl": (("perl", "-I.", "-Ilib", "-c", "--"), perl),
}  # fmt: skip


def check(tool: str, path: str) -> list[Row]:
    argv, read = _TOOLS[tool]
    try:
        ran = subprocess.run(
            [*argv, "./" + path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=FILE_S,
        )
    except subprocess.TimeoutExpired:
        return [("too-complex", "high", f"{tool} could not read the file within {FILE_S:.0f} s", None)]
    if ran.returncode < 0:
        return [("too-complex", "high", f"{tool} crashed on the file (signal {-ran.returncode})", None)]
    out = ran.stdout[:200_000].decode("utf-8", "replace").replace("./" + path, path)
    rows = read(path, ran.returncode, out)
    if ran.returncode and not tool.endswith("-warnings") and not any(row[1] in ("critical", "missing") for row in rows):
        words = " ".join(out.split())[:300]
        rows.append(("syntax-error", "critical", words or f"{tool} exited {ran.returncode}", None))
    return rows


def main(tool: str) -> int:
    report = Report()
    names = [p for p in paths() if report.text(p) is not None]
    report.files = len(names) + len(report.findings)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        results = list(pool.map(lambda p: check(tool, p), names))
    unchecked = []
    for path, rows in zip(names, results, strict=True):
        for rule, severity, message, line in rows[:20]:
            if severity == "missing":
                unchecked.append(f"{path} could not be checked: {message}")
            else:
                report.add(rule, severity, message, path, line)
    report.broken = unchecked
    report.emit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""gcc's JSON diagnostics (`-fdiagnostics-format=json`): one array for each translation unit, on standard error.

gcc has one parser for syntax and types and no number for an error, so that its text decides which of the two it is. A
text that only the grammar can cause ("expected ';' before ...") is one of syntax, unless an error of another kind
came in the same file within the five lines before it: an unknown type makes the C++ parser stumble afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser, Reading
from qlp.validation.readings import how_it_ended, relative, tail

_MAX_FINDINGS = 200
_CRASH = re.compile(rb"internal compiler error: Segmentation fault[^\n]*")
_NEAR = 5
_LINT = "-Wunused"
_SYNTAX = re.compile(
    r"^(?:expected |stray |missing terminating|unterminated |empty character constant|invalid suffix|#\w+ without #if"
    r"|invalid preprocessing directive|'else' without a previous 'if'|a function-definition is not allowed here"
    r"|extraneous |extra '|unbalanced |a label can only be|exponent has no digits|no newline|null character"
    r"|macro names must be|missing '\('|'\w+' without|two or more data types|declaration does not declare anything$"
    r"|.* expected at end of input|bracket nesting level|.* is not valid in preprocessor|missing binary operator"
    r"|.*unterminated argument list|.* at end of input$|too many decimal points|multi-character|invalid digit"
    r"|default argument missing|unable to find numeric literal operator|unexpected end of|case label .* not within"
    r"|qualified-id in declaration)"
)
_HARD = frozenset({
    "-Wimplicit-function-declaration", "-Wint-conversion", "-Wincompatible-pointer-types", "-Wimplicit-int",
    "-Wreturn-type", "-Wreturn-local-addr", "-Wformat=", "-Wuse-after-free", "-Wfree-nonheap-object",
    "-Wstringop-overflow=", "-Warray-bounds", "-Wuninitialized", "-Wdangling-pointer=",
})  # fmt: skip
"""Warnings about what is undefined or was never C: newer compilers call the first four errors."""
_SHOWN = frozenset({
    "-Wconversion", "-Wsign-conversion", "-Wfloat-conversion", "-Warith-conversion", "-Wsign-compare", "-Wpointer-sign",
    "-Wmissing-field-initializers", "-Wshadow", "-Wdeprecated-declarations", "-Wreorder", "-Wpedantic", "-Wcpp",
    "-Wunknown-pragmas", "-Wcomment", "-Wredundant-move", "-Wpessimizing-move", "-Wduplicated-branches",
    "-Wnull-dereference", "-Wmaybe-uninitialized", "-Wstrict-prototypes", "-Wold-style-declaration",
    "-Wformat-truncation=", "-Wunused-parameter", "-Wignored-qualifiers", "-Wcast-function-type", "-Wclass-memaccess",
    "-Wattributes", "-Wdeprecated-copy", "-Wcast-qual", "-Wextra", "-Winline", "-Wunused-result", "-Wswitch",
})  # fmt: skip
"""Warnings that correct programs have too, or that the optimiser guesses: shown, and fail nothing."""
_ANALYZER_DEFECTS = frozenset({
    "-Wanalyzer-double-free", "-Wanalyzer-double-fclose", "-Wanalyzer-use-after-free", "-Wanalyzer-free-of-non-heap",
    "-Wanalyzer-null-dereference", "-Wanalyzer-null-argument", "-Wanalyzer-mismatching-deallocation",
    "-Wanalyzer-use-of-pointer-in-stale-stack-frame", "-Wanalyzer-write-to-const", "-Wanalyzer-write-to-string-literal",
    "-Wanalyzer-unsafe-call-within-signal-handler", "-Wanalyzer-exposure-through-output-file",
    "-Wanalyzer-fd-use-after-close", "-Wanalyzer-fd-double-close", "-Wformat-security", "-Wformat-overflow=",
    "-Wformat=",
})  # fmt: skip
"""The analyser's warnings that hold without a guess about what the caller does; the others are shown."""


def gcc_syntax(result: ExecResult) -> Reading:
    """`-fsyntax-only`: errors of the grammar; those of names and types belong to `gcc_types`."""
    rows = list(_rows(result))
    crashed = _unanswered(result, rows)
    if crashed:
        return crashed
    last: dict[str | None, int] = {}
    found: list[Finding] = []
    for row in rows:
        if not row["kind"].endswith("error"):
            continue
        file, line, _ = _place(row)
        if _is_syntax(row["message"]) and not 0 <= (line or 0) - last.get(file, -1_000_000) <= _NEAR:
            found.append(_finding(row, "syntax-error", "critical"))
        else:
            last[file] = line or 0
    return Reading(tuple(found[:_MAX_FINDINGS]))


def gcc_types(result: ExecResult) -> Reading:
    """`-Wall -Wextra ...`: errors are high, and so are warnings about what is undefined; most others medium."""
    return _read(result, _warning)


def gcc_unused(ours: frozenset[str]) -> Parser:
    """`-Wunused` in our own files: what is declared and never used. Errors are the types stage's."""

    def parse(result: ExecResult) -> Reading:
        rows = [r for r in _rows(result) if str(r.get("option", "")).startswith(_LINT)]
        found = [_finding(r, str(r["option"]), _warning(str(r["option"]))) for r in rows]
        return Reading(tuple(f for f in dict.fromkeys(found) if f.file in ours)[:_MAX_FINDINGS])

    return parse


def gcc_analyzer(result: ExecResult) -> Reading:
    """`-fanalyzer` and the format warnings. Errors of the compiler are the types stage's."""
    rows = [r for r in _rows(result) if r["kind"] == "warning" and _security(str(r.get("option", "")))]
    return Reading(
        tuple(_finding(r, str(r["option"]), "high" if str(r["option"]) in _ANALYZER_DEFECTS else "low") for r in rows)[
            :_MAX_FINDINGS
        ]
    )


def _security(option: str) -> bool:
    return option.startswith("-Wanalyzer") or option in _ANALYZER_DEFECTS


def _is_syntax(message: str) -> bool:
    return bool(_SYNTAX.match(message))


def _warning(option: str) -> Severity:
    return "high" if option in _HARD else "low" if option in _SHOWN else "medium"


def _read(result: ExecResult, warning: Callable[[str], Severity]) -> Reading:
    rows = list(_rows(result))
    crashed = _unanswered(result, rows)
    if crashed:
        return crashed
    found: list[Finding] = []
    wrong = {_place(row)[0] for row in rows if row["kind"].endswith("error")}
    for row in rows:
        option = str(row.get("option", ""))
        if row["kind"].endswith("error"):
            found.append(_finding(row, _rule(row["message"], option), "high"))
        elif row["kind"] == "warning" and not option.startswith(_LINT) and _place(row)[0] not in wrong:
            # Of a file with errors gcc has seen only a part: what it warns about may follow from the rest.
            found.append(_finding(row, option or "warning", warning(option)))
    return Reading(tuple(dict.fromkeys(found))[:_MAX_FINDINGS])  # a header's warnings come once for each includer


def _rule(message: str, option: str) -> str:
    if _is_syntax(message):
        return "syntax-error"
    if message.endswith("No such file or directory"):
        return "missing-header"
    return option or "compile-error"


def _unanswered(result: ExecResult, rows: list[dict[str, Any]]) -> Reading | None:
    """gcc failed and gave no error: it crashed, mostly on what is nested too deeply, or did not end."""
    if result.ok or any(row["kind"].endswith("error") for row in rows):
        return None
    crash = _CRASH.search(result.stderr)
    if crash:
        return Reading(
            (Finding(rule="too-deep", severity="critical", message=f"gcc crashed on it: {crash[0].decode()}"),)
        )
    return Reading(broken=f"gcc {how_it_ended(result)} without an error: {tail(result)}")


def _rows(result: ExecResult) -> Iterator[dict[str, Any]]:
    for line in result.stderr.decode("utf-8", "replace").splitlines():
        if line.startswith("["):
            yield from json.loads(line)


def _place(row: dict[str, Any]) -> tuple[str | None, int | None, int | None]:
    for location in row["locations"]:
        caret = location.get("caret")
        if caret:
            return relative(caret["file"]), caret["line"], caret.get("column")
    return None, None, None


def _finding(row: dict[str, Any], rule: str, severity: Severity) -> Finding:
    file, line, column = _place(row)
    notes = [c["message"] for c in row.get("children", ()) if c.get("kind") == "note"][:2]
    fix = next((f"{f['string']!r} at {f['start']['line']}:{f['start']['column']}" for f in row.get("fixits", ())), None)
    return Finding(
        rule=rule,
        severity=severity,
        message="\n".join((row["message"], *notes)),
        file=file,
        line=line or None,
        column=column or None,
        fix=f"write {fix}" if fix else None,
    )

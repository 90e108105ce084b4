"""javac's messages in the layout `file:line:column: kind: [lint] text` (LAYOUT), continued by indented lines."""

from __future__ import annotations

import re
from collections.abc import Callable

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

LAYOUT = ("-XDdiags.layout=%f:%l:%c:%_%p%L%m|%p%L%m|%f:%_%p%L%m", "-XDdiags.formatterOptions=-source")
"""Columns, and no source line between the message and its details."""
_MAX_FINDINGS = 200
_PLACED = re.compile(r"^(?P<file>[^\n]+?\.java):(?P<line>\d+):(?P<col>-?\d+): (?P<kind>error|warning): (?P<text>.*)$")
_BARE = re.compile(r"^(?:(?P<file>[^\n:]+?\.java): )?(?P<kind>error|warning): (?P<text>.*)$")
_LINT = re.compile(r"^\[(?P<lint>[\w-]+)\] ")
_DEFECTS = frozenset({
    "dep-ann", "divzero", "empty", "finally", "overrides", "removal", "static", "strictfp", "synchronization",
    "varargs",
})  # fmt: skip
"""Lint categories whose warnings are defects; the others (raw types, unchecked casts, fall-through, which may be
meant and is asked about again by checkstyle, which reads comments) are shown."""
_RULES = (
    ("cannot find symbol", "cannot-find-symbol"),
    ("package ", "package-does-not-exist"),
    ("incompatible types", "incompatible-types"),
    ("missing return statement", "missing-return"),
    ("unreported exception", "unreported-exception"),
    ("unreachable statement", "unreachable-statement"),
    ("might not have been initialized", "not-initialized"),
    ("might already have been assigned", "already-assigned"),
    ("is already defined", "already-defined"),
    ("cannot be applied to given types", "wrong-arguments"),
    ("no suitable", "wrong-arguments"),
    ("bad operand types", "bad-operands"),
    ("has private access", "no-access"),
    ("is not public in", "no-access"),
    ("is not abstract and does not override", "abstract-not-implemented"),
    ("does not override or implement", "override-nothing"),
    ("should be declared in a file named", "public-class-file-name"),
    ("duplicate class", "duplicate-class"),
    ("non-static", "static-context"),
    ("is abstract; cannot be instantiated", "abstract-instantiated"),
    ("cannot assign a value to final", "final-assigned"),
    ("is never thrown in body", "exception-never-thrown"),
    ("clashes with", "clash"),
)
"""Text of an error -> rule; javac prints its own keys only instead of the text."""


def javac_syntax(result: ExecResult) -> Reading:
    """`javac` stopped after parsing: every error is one of syntax."""
    return _read(result, lambda text: ("syntax-error", "critical"))


def javac_types(result: ExecResult) -> Reading:
    """`javac -Xlint:all`: errors are high; warnings that are defects medium, the others low."""
    return _read(result, _error)


def _error(text: str) -> tuple[str, Severity]:
    return next((rule for part, rule in _RULES if part in text), "compile-error"), "high"


def _read(result: ExecResult, error: Callable[[str], tuple[str, Severity]]) -> Reading:
    said = (result.stderr + result.stdout).decode("utf-8", "replace")
    if "java.lang.StackOverflowError" in said or "The system is out of resources" in said:
        deep = Finding(
            rule="too-deep", severity="critical", message="javac gave up: it is nested too deeply, or too big"
        )
        return Reading((deep,))
    if result.exit_code not in (0, 1) or result.timed_out or result.oom:
        return Reading(broken=f"javac {how_it_ended(result)}: {tail(result)}")
    findings: list[Finding] = []
    for line in said.splitlines():
        found = _PLACED.match(line) or _BARE.match(line)
        if found:
            findings.append(_finding(found, error))
        elif line.startswith("  ") and findings:
            last = findings[-1]
            findings[-1] = last.model_copy(update={"message": f"{last.message}\n{line.strip()}"})
    if result.exit_code == 1 and not any(f.severity in ("high", "critical") for f in findings):
        return Reading(broken=f"javac failed without an error: {tail(result)}")
    return Reading(tuple(findings[:_MAX_FINDINGS]))


def _finding(found: re.Match[str], error: Callable[[str], tuple[str, Severity]]) -> Finding:
    parts, text = found.groupdict(), found["text"]
    if found["kind"] == "error":
        rule, severity = error(text)
    else:
        lint = _LINT.match(text)
        rule = lint["lint"] if lint else "warning"
        severity = "medium" if rule in _DEFECTS else "low"
        text = text[lint.end() :] if lint else text
    return Finding(
        rule=rule,
        severity=severity,
        message=text,
        file=relative(parts["file"]) if parts["file"] else None,
        line=int(parts["line"]) if parts.get("line") else None,
        column=int(parts["col"]) if parts.get("col") and int(parts["col"]) > 0 else None,
    )

"""Messages of Mono's C# compiler: `file(line,column): error CS1525: text`.

mcs knows C# 7. A file that it cannot read and that uses something newer is not called wrong: the check is broken, which
never counts as passed either, and says what the file uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser, Reading
from qlp.validation.readings import how_it_ended, relative, tail

_MAX_FINDINGS = 200
_LINE = re.compile(
    r"^(?:(?P<file>[^\n(]+?)\((?P<line>\d+),(?P<col>\d+)[^)]*\): )?"
    r"(?P<kind>error|warning) (?P<rule>CS\d{4}): (?P<text>[^\n]+)$",
    re.M,
)
_STYLE = frozenset({
    "CS0105", "CS0162", "CS0164", "CS0168", "CS0169", "CS0219", "CS0414", "CS0642", "CS0649", "CS1717", "CS1718",
    "CS0472", "CS0665", "CS0183", "CS0184", "CS1522", "CS0078",
})  # fmt: skip
"""Unused, unreachable, empty, compared or assigned to itself: lint. Other warnings are about types."""
_SHOWN = frozenset({"CS0612", "CS0618", "CS0649", "CS1591", "CS1570", "CS1572", "CS1573", "CS1587", "CS1998", "CS0078",
                    "CS3021", "CS1701", "CS1702", "CS0436", "CS8321"})  # fmt: skip
NEWER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("records (C# 9)", re.compile(
        r"^\s*(?:(?:public|internal|private|sealed|abstract|readonly)\s+)*record\s+(?:struct\s+|class\s+)?\w+", re.M)),
    ("file-scoped namespaces (C# 10)", re.compile(r"^\s*namespace\s+[\w.]+\s*;", re.M)),
    ("global using (C# 10)", re.compile(r"^\s*global\s+using\s", re.M)),
    ("using declarations (C# 8)", re.compile(r"^\s*(?:await\s+)?using\s+(?:var|[\w<>]+)\s+\w+\s*=", re.M)),
    ("switch expressions (C# 8)", re.compile(r"\bswitch\s*\{\s*[^}]*?=>", re.S)),
    ("nullable reference types (C# 8)", re.compile(
        r"#nullable|\b(?:string|object|[A-Z]\w*)\?\s+\w+\s*[;=,){]|\w!\.|\bnull!|default!")),
    ("target-typed new (C# 9)", re.compile(r"=\s*new\s*\(|return new\s*\(")),
    ("init accessors (C# 9)", re.compile(r"\binit\s*;")),
    ("pattern combinators (C# 9)", re.compile(r"\bis\s+not\b|\bis\s*\{|\bis\s+[<>]|\b(?:and|or)\s+[<>\d]")),
    ("?? assignment (C# 8)", re.compile(r"\?\?=")),
    ("ranges and indices (C# 8)", re.compile(r"\[\s*\^|\[[^\]\n\"]*\.\.[^\]\n\"]*\]")),
    ("raw strings (C# 11)", re.compile(r'"""')),
    ("required members (C# 11)", re.compile(r"\brequired\s+\w+")),
    ("collection expressions (C# 12)", re.compile(r"=\s*\[[^\]]*\]\s*;")),
    ("async streams (C# 8)", re.compile(r"\bIAsyncEnumerable<|await\s+foreach")),
    ("static or default members of interfaces (C# 8)", re.compile(r"interface\s+\w+[^{]*\{[^}]*\)\s*=>", re.S)),
)  # fmt: skip
_TYPE_DECLARATION = re.compile(r"\b(?:class|struct|interface|enum|record|delegate)\s+\w+")
TOP_LEVEL = "top-level statements (C# 9)"


def newer_features(files: Mapping[str, str]) -> dict[str, str]:
    """Path -> what in it is newer than C# 7, for the files that use such a thing."""
    found = {}
    for path, text in files.items():
        name = next((name for name, pattern in NEWER if pattern.search(text)), "")
        head = _TYPE_DECLARATION.split(text, maxsplit=1)[0]
        if not name and re.search(r"^(?:Console\.|var |int |string |await |return |foreach|for |if )", head, re.M):
            name = TOP_LEVEL
        if name:
            found[path] = name
    return found


def mcs_syntax(newer: Mapping[str, str]) -> Parser:
    """`mcs --parse`: every error is one of syntax."""

    def parse(result: ExecResult) -> Reading:
        errors = [f for f in _findings(result) if f.severity == "high"]
        made = tuple(f.model_copy(update={"severity": "critical"}) for f in errors)
        return _reading(result, made, made, newer)

    return parse


def mcs_types(newer: Mapping[str, str]) -> Parser:
    """`mcs -warn:4`: errors, and the warnings that are about types."""

    def parse(result: ExecResult) -> Reading:
        every = list(_findings(result))
        errors = tuple(f for f in every if f.severity == "high")
        return _reading(result, tuple(f for f in every if f.rule not in _STYLE), errors, newer)

    return parse


def mcs_style(newer: Mapping[str, str]) -> Parser:
    """`mcs -warn:4`: the warnings that a linter would give. Errors of the compiler are the types stage's."""

    def parse(result: ExecResult) -> Reading:
        every = list(_findings(result))
        errors = tuple(f for f in every if f.severity == "high")
        lint = tuple(f for f in every if f.rule in _STYLE and f.severity != "high")
        if errors and not lint and not _unread(errors, newer):
            lint = (errors[0].model_copy(update={"rule": "does-not-compile", "severity": "medium"}),)
        return _reading(result, lint, errors, newer)

    return parse


def _reading(
    result: ExecResult, findings: tuple[Finding, ...], errors: tuple[Finding, ...], newer: Mapping[str, str]
) -> Reading:
    unread = _unread(errors, newer)
    if unread:
        return Reading(broken=f"the C# compiler in the sandbox knows C# 7: {unread}")
    if result.exit_code not in (0, 1) or (result.exit_code == 1 and not errors):
        return Reading(broken=f"mcs {how_it_ended(result)}: {tail(result)}")
    return Reading(findings[:_MAX_FINDINGS])


def _unread(errors: tuple[Finding, ...], newer: Mapping[str, str]) -> str:
    blamed = next((f.file for f in errors if f.file in newer), None)
    if blamed is None and errors and newer:
        blamed = next(iter(newer))  # what it declares is missing in the others
    return f"{blamed} uses {newer[blamed]}" if blamed is not None else ""


def _findings(result: ExecResult) -> Iterator[Finding]:
    text = (result.stderr + b"\n" + result.stdout).decode("utf-8", "replace")
    for m in _LINE.finditer(text):
        severity: Severity = "high" if m["kind"] == "error" else "low" if m["rule"] in _SHOWN else "medium"
        yield Finding(
            rule=m["rule"],
            severity=severity,
            message=m["text"],
            file=relative(m["file"]) if m["file"] else None,
            line=int(m["line"]) if m["line"] else None,
            column=int(m["col"]) if m["col"] else None,
        )

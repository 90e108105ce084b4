"""What go build, go vet and go test print: `file:line:column: message` below a line `# package`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_MAX_FINDINGS = 200
_POSITION = re.compile(
    r"^(?:vet: )?(?P<file>[^\n:]+?\.(?:go|mod|work)):(?P<line>\d+)(?::(?P<col>\d+))?: "
    r"(?P<text>[^\n]+(?:\n\t[^\n]+)*)$",
    re.M,
)
_RULES = (
    ("undefined:", "undefined"),
    ("declared but not used", "unused-variable"),
    ("declared and not used", "unused-variable"),
    ("imported and not used", "unused-import"),
    ("missing return", "missing-return"),
    ("cannot use", "mismatched-types"),
    ("mismatched types", "mismatched-types"),
    ("does not implement", "not-implemented"),
    ("missing method", "not-implemented"),
    ("redeclared", "redeclared"),
    ("not enough arguments", "wrong-arguments"),
    ("too many arguments", "wrong-arguments"),
    ("assignment mismatch", "wrong-arguments"),
    ("cannot initialize", "wrong-arguments"),
    ("cannot assign", "wrong-arguments"),
    ("not enough return values", "wrong-returns"),
    ("too many return values", "wrong-returns"),
    ("has no field or method", "no-such-member"),
    ("undefined (type", "no-such-member"),
    ("is not used", "unused-result"),
    ("no required module provides package", "missing-module"),
    ("cannot find module providing package", "missing-module"),
    ("is not in GOROOT", "missing-package"),
    ("cannot find package", "missing-package"),
    ("import cycle", "import-cycle"),
    ("syntax error", "syntax-error"),
    ("expected ", "syntax-error"),
)
"""Text of a compiler's error -> rule; Go's compiler has no numbers."""
_NO_POSITION = re.compile(
    r"^(?:[^\n:]+?\.go:\d+(?::\d+)?: )?(?P<text>(?:no required module provides package|package [^\n]* is not in GOROOT"
    r"|cannot find package|missing go\.sum|import cycle|go: [^\n]*)[^\n]*)", re.M
)  # fmt: skip
_TOO_MANY = "too many errors"
_RESULT = re.compile(r"^\s*--- (?P<kind>PASS|FAIL|SKIP): (?P<name>\S+)", re.M)
_PLACE = re.compile(r"^\s+(?P<file>[\w./-]+_test\.go):(?P<line>\d+): ", re.M)
_NOISE = re.compile(r"^\s*(?:=== |--- PASS|PASS$|ok )")


def go_syntax(result: ExecResult) -> Reading:
    """`gofmt -e -l`: every error is one of syntax."""
    if result.ok:
        return Reading()
    found = (_finding(m, "syntax-error", high=True) for m in _POSITION.finditer(_said(result)))
    return _or_broken(tuple(f.model_copy(update={"severity": "critical"}) for f in found), result, "gofmt")


def gofmt(result: ExecResult) -> Reading:
    """`gofmt -l`: one name a line; gofmt is the language's one style, so a difference fails it."""
    names = result.stdout.decode("utf-8", "replace").splitlines()
    found = tuple(
        Finding(rule="gofmt", severity="medium", message="not formatted with gofmt", file=relative(n), fix="gofmt -w")
        for n in names
    )
    return Reading(found[:_MAX_FINDINGS]) if result.ok or found else _or_broken((), result, "gofmt")


def go_build(result: ExecResult) -> Reading:
    """`go build`: errors of the compiler, and packages that are not there."""
    return _compiler(result, "go build")


def go_vet(result: ExecResult) -> Reading:
    """`go vet`: its own findings are medium; errors of the compiler, also of the tests, are high."""
    if result.ok:
        return Reading()
    text = _said(result)
    found = []
    for m in _POSITION.finditer(text):
        rule = _rule(m["text"])
        compiler = m.group(0).startswith("vet: ") or rule not in ("vet", "unused-result")
        named = "compile-error" if compiler and rule == "vet" else rule
        found.append(_finding(m, named if compiler else "vet", high=compiler))
    return _or_broken(tuple(found), result, "go vet")


def _compiler(result: ExecResult, tool: str) -> Reading:
    if result.ok:
        return Reading()
    found = tuple(
        _finding(m, rule if (rule := _rule(m["text"])) != "vet" else "compile-error", high=True)
        for m in _POSITION.finditer(_said(result))
        if not m["text"].startswith(_TOO_MANY)
    )
    return _or_broken(found, result, tool)


def _or_broken(found: tuple[Finding, ...], result: ExecResult, tool: str) -> Reading:
    if found:
        return Reading(tuple(dict.fromkeys(found))[:_MAX_FINDINGS])
    missing = tuple(_unplaced(_said(result)))
    return Reading(missing) if missing else Reading(broken=f"{tool} {how_it_ended(result)}: {tail(result)}")


def _unplaced(text: str) -> Iterator[Finding]:
    for m in _NO_POSITION.finditer(text):
        rule = _rule(m["text"])
        yield Finding(rule="modules" if rule == "vet" else rule, severity="high", message=m["text"])


def _rule(text: str) -> str:
    return next((rule for part, rule in _RULES if part in text), "vet")


def _said(result: ExecResult) -> str:
    return (result.stderr + b"\n" + result.stdout).decode("utf-8", "replace")


def _finding(found: re.Match[str], rule: str, *, high: bool) -> Finding:
    return Finding(
        rule=rule,
        severity="high" if high else "medium",
        message=found["text"].replace("\n\t", "\n"),
        file=relative(found["file"]),
        line=int(found["line"]),
        column=int(found["col"]) if found["col"] else None,
    )


def go_test(result: ExecResult) -> Reading:
    """`go test -v`: counts of its result lines, sub-tests included; a failing test with what it printed."""
    out = result.stdout.decode("utf-8", "replace")
    marks = list(_RESULT.finditer(out))
    kinds = [m["kind"] for m in marks]
    facts: dict[str, int | float | str] = {
        "tests_passed": kinds.count("PASS"),
        "tests_failed": kinds.count("FAIL"),
        "tests_skipped": kinds.count("SKIP"),
    }
    if result.ok and facts["tests_passed"]:
        return Reading(facts=facts)
    if result.ok:
        none = Finding(rule="no-test-ran", severity="high", message="go test ran no test that passed")
        return Reading((none,), facts)
    failed = [m for m in marks if m["kind"] == "FAIL"]
    leaves = [m for m in failed if not any(o["name"].startswith(f"{m['name']}/") for o in failed)]
    if leaves:
        return Reading(tuple(_failure(m, out) for m in leaves[:50]), facts)
    lines = [line for line in (out + _text(result.stderr)).splitlines() if not _NOISE.match(line)]
    built = "[build failed]" in out or "[setup failed]" in out
    message = f"go test {how_it_ended(result)}\n" + "\n".join(lines[-25:])
    return Reading((Finding(rule="tests-broken" if built else "test-failed", severity="high", message=message),), facts)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _failure(mark: re.Match[str], out: str) -> Finding:
    """A test's own lines come before its result line while it runs and after it when it has no sub-tests."""
    begin = out.rfind(f"=== RUN   {mark['name']}\n", 0, mark.start())
    rest = out[mark.end() :]
    after = re.search(r"^\s*(?:=== |--- |FAIL|PASS|ok )", rest, re.M)
    body = out[begin : mark.start()] if begin >= 0 else ""
    said = [line for line in (body + rest[: after.start() if after else None]).splitlines() if not _NOISE.match(line)]
    text = "\n".join(line.strip() for line in said if line.strip())[:2000]
    place = _PLACE.search("\n".join(said))
    return Finding(
        rule="test-failed", severity="high", message=f"{mark['name']}\n{text}",
        line=int(place["line"]) if place else None,
    )  # fmt: skip

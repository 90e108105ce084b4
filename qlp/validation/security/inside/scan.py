"""`security.pyz rules`: syntax trees of the project's files, and the rules held against them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from . import memory
from .checks import Hit
from .flow import Flow
from .languages import LOWER, grammar_of
from .lower.base import Syntax
from .report import emit, paths_from_stdin
from .rules import Language, Rule

MAX_BYTES = 1_000_000
"""Larger files are not written by hand; they are named in a finding and left out."""
MAX_LINE = 20_000
"""Average length of a line above which a file is taken for minified."""
WALL_S = 100.0
"""Time for all files together; what is not reached is named in a fact and a finding."""
_TEST = re.compile(
    r"(^|/)(tests?|spec|__tests__|testdata|fixtures)/|(^|/)(test_[^/]*|[^/]*_test|[^/]*\.(test|spec)|conftest)\.\w+$|(Test|Tests|IT)\.(java|cs|php)$|_spec\.rb$"
)
_SUPPRESS = re.compile(r"\b(nosec|nosemgrep|NOSONAR|qlp:\s*ignore|codeql\[[\w/-]+\]|lgtm\[)", re.I)


def is_test(path: str) -> bool:
    return _TEST.search(path) is not None


def suppressed_lines(root: Syntax, source: bytes) -> set[int]:
    """Lines with a comment that asks for silence; the comment may also stand alone on the line before."""
    found: set[int] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if "comment" in node.type:
            if _SUPPRESS.search(source[node.start_byte : node.end_byte].decode("utf-8", "replace")):
                row = node.start_point[0]
                before = source[: node.start_byte].rsplit(b"\n", 1)[-1].strip()
                found.add(row + 1 if before else node.end_point[0] + 2)
            continue
        todo.extend(node.children)
    return found


def scan_file(
    path: str, source: bytes, languages: dict[str, Language], facts: dict[str, int]
) -> Iterator[dict[str, Any]]:
    grammar, name = grammar_of(path)
    language = languages.get(name)
    if language is None:
        return
    from tree_sitter_language_pack import get_parser  # type: ignore[import-not-found, unused-ignore]

    tree = get_parser(grammar).parse(source)
    lower = LOWER[name](source)
    block = lower.lower(tree.root_node)
    flow = Flow(language, name, block)
    hits: list[Hit] = flow.run()
    if name == "c":
        hits += memory.inspect(block, language.plain)
    quiet = suppressed_lines(tree.root_node, source) if hits else set()
    if flow.cut or lower.cut:
        facts["files_partly_analysed"] = facts.get("files_partly_analysed", 0) + 1
    test = is_test(path)
    for hit in hits:
        if hit.at[0] in quiet:
            facts["suppressed"] = facts.get("suppressed", 0) + 1
            continue
        if test and hit.rule.skip_tests:
            continue
        yield finding(path, hit, test)


def finding(path: str, hit: Hit, test: bool) -> dict[str, Any]:
    rule: Rule = hit.rule
    severity = rule.severity
    if hit.weak:
        severity = rule.severity_weak or ("medium" if severity in ("high", "critical") else severity)
    if test and severity != "info":
        # A test may do on purpose what a program must not.
        severity = "low"
    source = f" (from {hit.source[:60]})" if hit.source else ""
    return {
        "rule": rule.id,
        "severity": severity,
        "cwe": rule.cwe,
        "file": path,
        "line": hit.at[0],
        "column": hit.at[1],
        "end_line": hit.at[2],
        "end_column": hit.at[3],
        "message": f"{rule.message}{source} [CWE-{rule.cwe}]",
        "fix": rule.fix,
    }


def note(rule: str, path: str, message: str) -> dict[str, Any]:
    return {"rule": rule, "severity": "info", "file": path, "line": 1, "column": 1, "message": message}


def main(languages: dict[str, Language]) -> None:
    findings: list[dict[str, Any]] = []
    facts: dict[str, int] = {"files": 0, "lines": 0}
    deadline = time.monotonic() + WALL_S
    left = 0
    for path in paths_from_stdin():
        grammar, _ = grammar_of(path)
        if not grammar:
            continue
        if time.monotonic() > deadline:
            left += 1
            continue
        try:
            with open(f"./{path}", "rb") as file:
                source = file.read(MAX_BYTES + 1)
        except OSError as error:
            findings.append(note("not-analysed", path, f"the file cannot be read: {error.strerror}"))
            continue
        lines = source.count(b"\n") + 1
        if len(source) > MAX_BYTES or len(source) / lines > MAX_LINE or b"\0" in source:
            findings.append(note("not-analysed", path, "too large, minified or binary: no rule was held against it"))
            facts["files_left_out"] = facts.get("files_left_out", 0) + 1
            continue
        facts["files"] += 1
        facts["lines"] += lines
        try:
            findings += scan_file(path, source, languages, facts)
        except RecursionError:
            findings.append(note("not-analysed", path, "nested too deeply: no rule was held against it"))
            facts["files_left_out"] = facts.get("files_left_out", 0) + 1
    if left:
        findings.append(note("not-analysed", "", f"{left} files were not reached within {WALL_S:.0f} s"))
        findings[-1]["file"] = None
        facts["files_left_out"] = facts.get("files_left_out", 0) + left
    emit(findings, dict(facts))

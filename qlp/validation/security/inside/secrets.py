"""`security.pyz secrets`: keys and tokens in text files, by patterns of ours and by the library detect-secrets.

The secret itself is never printed: not in a message, not in the output that is kept as evidence.
"""

from __future__ import annotations

import re
from typing import Any

from .report import emit, paths_from_stdin

MAX_BYTES = 2_000_000
_LONG_LINE = 5_000
_SUPPRESS = re.compile(r"pragma:\s*(allowlist|whitelist)[ -]secret|\bnosec\b|gitleaks:allow|qlp:\s*ignore", re.I)


def masked(secret: str) -> str:
    """Enough to find it again, too little to use it: at most four characters of the beginning, and the length."""
    head = secret[: min(4, len(secret) // 6)]
    return f"{head}*** ({len(secret)} characters)"


class Scanner:
    """The patterns of one run."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.patterns = [
            (row, re.compile(row["regex"]), re.compile(row["files"]) if "files" in row else None)
            for row in data["patterns"]
        ]
        self.placeholders = re.compile(data["placeholders"])
        self.examples = re.compile(data["example_files"])
        self.ignored = re.compile(data["ignored_files"])
        self.references = re.compile(data["references"])
        self.detectors: frozenset[str] = frozenset(data.get("detectors", ()))
        self.suppressed = 0

    def scan(self, path: str, text: str) -> list[dict[str, Any]]:
        """Findings of one file; a place is reported once, by its worst rule."""
        if self.ignored.search(path):
            return []
        lines = text.splitlines()
        found: dict[tuple[int, str], dict[str, Any]] = {}
        for row, regex, files in self.patterns:
            if files is not None and not files.search(path):
                continue
            for hit in regex.finditer(text):
                group = 1 if regex.groups else 0
                line = text.count("\n", 0, hit.start(group)) + 1
                column = hit.start(group) - (text.rfind("\n", 0, hit.start(group)) + 1) + 1
                self.add(found, path, lines, row, hit.group(group), line, column)
        for row, secret, line in self.library(lines):
            self.add(found, path, lines, row, secret, line, 1)
        return list(found.values())

    def add(
        self, found: dict[tuple[int, str], dict[str, Any]], path: str, lines: list[str], row: dict[str, Any],
        secret: str, line: int, column: int,
    ) -> None:  # fmt: skip
        around = lines[line - 1] if line <= len(lines) else ""
        if _SUPPRESS.search(around) or (line > 1 and _SUPPRESS.search(lines[line - 2])):
            self.suppressed += 1
            return
        if row["rule"] in ("assigned-secret", "password-in-url") and self.references.search(secret):
            return
        severity = row["severity"]
        plain = row["rule"] == "private-key"
        body = "".join(lines[line : line + 3]) if plain else secret
        if plain and not re.search(r"[A-Za-z0-9+/]{40}", body.replace("\\n", "")) and "\\n" not in around:
            severity = "low"
        if self.placeholders.search(body) or self.examples.search(path) or len(set(secret)) < 5:
            severity = "low"
        key = (line, "" if plain else secret[:8])
        if any(k[0] == line for k in found):
            # One line, one finding: the first pattern that fits is the most exact one.
            return
        found[key] = {
            "rule": row["rule"],
            "severity": severity,
            "file": path,
            "line": line,
            "column": column,
            "message": f"{row['message']} is written here: {masked('' if plain else secret)} [CWE-798]"
            if not plain
            else f"{row['message']} is written here [CWE-798]",
            "fix": "Revoke it, and read it from the environment or a secret store",
        }

    def library(self, lines: list[str]) -> list[tuple[dict[str, Any], str, int]]:
        """Detectors of detect-secrets that know a form; its guesses by entropy and by word are left out."""
        if not self.detectors:
            return []
        from detect_secrets.core.plugins.util import (  # type: ignore[import-not-found, unused-ignore]
            get_mapping_from_secret_type_to_class,
        )

        made: list[tuple[dict[str, Any], str, int]] = []
        plugins = [cls() for cls in get_mapping_from_secret_type_to_class().values() if cls.__name__ in self.detectors]
        for number, line in enumerate(lines, 1):
            if len(line) > _LONG_LINE or len(line) < 12:
                continue
            for plugin in plugins:
                for secret in plugin.analyze_line(filename="", line=line, line_number=number):
                    value = secret.secret_value or ""
                    rule = re.sub(r"[^a-z0-9]+", "-", plugin.secret_type.lower()).strip("-")
                    made.append(
                        ({"rule": rule, "severity": "high", "message": f"{plugin.secret_type}:"}, value, number)
                    )
        return made


def main(data: dict[str, Any]) -> None:
    scanner = Scanner(data)
    findings: list[dict[str, Any]] = []
    files = left = 0
    for path in paths_from_stdin():
        try:
            with open(f"./{path}", "rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except OSError:
            left += 1
            continue
        if len(raw) > MAX_BYTES or b"\0" in raw:
            left += 1
            continue
        files += 1
        findings += scanner.scan(path, raw.decode("utf-8", "replace"))
    emit(findings, {"files": files, "files_left_out": left, "suppressed": scanner.suppressed})

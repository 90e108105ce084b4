"""`security.pyz bandit`: bandit over the Python files, without the code that it quotes and the secrets in that code."""

from __future__ import annotations

import json
import posixpath
import subprocess
from typing import Any

from .report import emit, paths_from_stdin
from .scan import is_test

_BATCH = 300
_WALL_S = 90.0
_SEVERITY = {"LOW": "low", "MEDIUM": "medium", "HIGH": "high"}


def severity_of(row: dict[str, Any], policy: dict[str, Any], test: bool) -> str:
    """Empty for a finding that is left out."""
    code = row["test_id"]
    if code in policy["silent"] or (test and code in policy["not_in_tests"]):
        return ""
    if code in policy["severity"]:
        return str(policy["severity"][code])
    if row["issue_confidence"] == "LOW" or test:
        return "low"
    return _SEVERITY[row["issue_severity"]]


def main(policy: dict[str, Any]) -> None:
    """Raises RuntimeError where bandit itself fails."""
    paths = [p for p in paths_from_stdin() if p.endswith(".py")]
    findings: list[dict[str, Any]] = []
    silenced = skipped = unread = 0
    for at in range(0, len(paths), _BATCH):
        argv = ["bandit", "-q", "-f", "json", *(f"./{p}" for p in paths[at : at + _BATCH])]
        done = subprocess.run(argv, capture_output=True, timeout=_WALL_S, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"bandit exited {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-500:]}")
        made = json.loads(done.stdout)
        unread += len(made["errors"])
        skipped += sum(m.get("nosec", 0) for m in made["metrics"].values() if isinstance(m, dict)) // 2
        for row in made["results"]:
            path = posixpath.normpath(row["filename"])
            severity = severity_of(row, policy, is_test(path))
            if not severity:
                silenced += 1
                continue
            cwe = (row.get("issue_cwe") or {}).get("id")
            findings.append(
                {
                    "rule": row["test_id"],
                    "severity": severity,
                    "file": path,
                    "line": row["line_number"],
                    "column": row.get("col_offset", 0) + 1,
                    # Some of bandit's messages quote a literal: the part in quotes is left out.
                    "message": f"{row['issue_text'].split(': ' + chr(39))[0]}" + (f" [CWE-{cwe}]" if cwe else ""),
                }
            )
    emit(findings, {"files": len(paths), "suppressed": skipped, "left_to_own_rules": silenced, "files_unread": unread})

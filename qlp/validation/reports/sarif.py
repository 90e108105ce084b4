"""SARIF 2.1.0 (OASIS, https://docs.oasis-open.org/sarif/sarif/v2.1.0/), as GitHub's code scanning reads it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from qlp import __version__
from qlp.models import Evidence, Finding, Severity, SourceFile, StageResult, Verdict
from qlp.validation.reports.columns import Lines, tables

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MEDIA_TYPE = "application/sarif+json"
_LEVEL: dict[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_SECURITY: dict[Severity, str] = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.5"}
"""GitHub's `security-severity`: critical above 9.0, high from 7.0, medium from 4.0."""
_MESSAGE_CHARS = 4000
_ROOT = "%SRCROOT%"


def sarif(verdict: Verdict, files: Sequence[SourceFile] = (), *, prefix: str = "") -> dict[str, Any]:
    """One run. `files` make columns exact and fingerprints stable; `prefix`: the project's folder in its repository."""
    lines = Lines(files)
    rules = _Rules()
    seen: Counter[str] = Counter()
    found: list[tuple[str, Finding]] = [
        (stage.stage, finding) for stage in verdict.stages for finding in stage.findings
    ]
    found += [("opinion", finding) for finding in verdict.opinions if finding.evidence is None]
    results = [_result(stage, f, rules, lines, prefix, seen) for stage, f in found]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "QLP",
                        "semanticVersion": __version__,
                        "rules": rules.rows,
                    },
                    "extensions": _tools(verdict.evidence),
                },
                "automationDetails": {"id": f"qlp/{verdict.policy or 'validate'}/"},
                "columnKind": "utf16CodeUnits",
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
                "invocations": [*(_invocation(e) for e in verdict.evidence), *_broken(verdict.stages)],
                "results": results,
                "properties": {
                    "verified": verdict.verified,
                    "policy": verdict.policy,
                    "inputDigest": verdict.input_digest,
                    "toolchainDigest": verdict.toolchain_digest,
                    "stages": {s.stage: {"status": s.status, "reason": s.reason} for s in verdict.stages},
                },
            }
        ],
    }


class _Rules:
    """Each rule once, in the order of its first finding."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._index: dict[str, int] = {}

    def index(self, stage: str, finding: Finding) -> tuple[str, int]:
        tool = finding.tool or "qlp"
        name = f"{tool}/{finding.rule}".replace(" ", "-")
        if name not in self._index:
            self._index[name] = len(self.rows)
            self.rows.append(_rule(name, tool, stage, finding))
        return name, self._index[name]


def _rule(name: str, tool: str, stage: str, finding: Finding) -> dict[str, Any]:
    by = f"the model {tool}" if finding.source == "model" else tool
    text = f"Rule {finding.rule} of {by}, reported in QLP's stage {stage}."
    if finding.fix:
        text += f" Proposed: {finding.fix[:_MESSAGE_CHARS]}"
    link = tables()["links"].get(tool, "").format(rule=quote(finding.rule))
    properties: dict[str, Any] = {"tags": [stage], "precision": "medium" if finding.source == "model" else "high"}
    if stage == "security":
        properties["security-severity"] = _SECURITY[finding.severity]
    return {
        "id": name,
        "name": finding.rule,
        "shortDescription": {"text": f"{tool}: {finding.rule}"},
        "fullDescription": {"text": _short(finding.message)},
        "help": {"text": text, "markdown": f"{text} [Explanation]({link})" if link else text},
        **({"helpUri": link} if link else {}),
        "defaultConfiguration": {"level": _LEVEL[finding.severity]},
        "properties": properties,
    }


def _result(
    stage: str, finding: Finding, rules: _Rules, lines: Lines, prefix: str, seen: Counter[str]
) -> dict[str, Any]:
    name, index = rules.index(stage, finding)
    text = _clean(finding.message)[:_MESSAGE_CHARS] or finding.rule
    properties: dict[str, Any] = {"severity": finding.severity, "stage": stage, "source": finding.source}
    if finding.fix:
        text += f"\nFix: {_clean(finding.fix)[:_MESSAGE_CHARS]}"
        properties["fix"] = finding.fix
    if finding.evidence:
        properties["evidence"] = finding.evidence
    # a level beside the default of the rule: one rule's findings may weigh differently
    result: dict[str, Any] = {
        "ruleId": name,
        "ruleIndex": index,
        "level": _LEVEL[finding.severity],
        "message": {"text": text},
        "partialFingerprints": {"qlpFinding/v1": _fingerprint(name, finding, lines, seen)},
        "properties": properties,
    }
    if finding.file:
        place = {"artifactLocation": {"uri": quote(f"{prefix}{finding.file}"), "uriBaseId": _ROOT}}
        region = _region(finding, lines)
        physical = {**place, "region": region} if region else place
        result["locations"] = [{"physicalLocation": physical}]
    return result


def _region(finding: Finding, lines: Lines) -> dict[str, int]:
    if finding.line is None or finding.line < 1:
        return {}
    region = {"startLine": finding.line}
    start = lines.column(finding.tool, finding.file, finding.line, finding.column)
    if start is not None:
        region["startColumn"] = start
    end_line = finding.end_line if finding.end_line and finding.end_line >= finding.line else None
    if end_line is not None:
        region["endLine"] = end_line
    end = lines.column(finding.tool, finding.file, end_line or finding.line, finding.end_column)
    if end is not None and start is not None and ((end_line or finding.line) > finding.line or end >= start):
        region["endColumn"] = end
    return region


def _fingerprint(name: str, finding: Finding, lines: Lines, seen: Counter[str]) -> str:
    """Over rule, file and the line's words, not its number: it survives what is added above. Twins are counted."""
    words = " ".join((lines.line(finding.file, finding.line) or _clean(finding.message)).split())
    key = "\0".join((name, finding.file or "", words))
    seen[key] += 1
    return hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:32]


def _tools(evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    versions = {e.tool: e.tool_version for e in evidence if e.tool}
    return [{"name": name, **({"version": versions[name]} if versions[name] else {})} for name in sorted(versions)]


def _invocation(evidence: Evidence) -> dict[str, Any]:
    ended: dict[str, Any] = {}
    if evidence.exit_code is not None:
        ended["exitCode"] = evidence.exit_code
    if evidence.signal is not None:
        ended["exitSignalNumber"] = evidence.signal
    return {
        "executionSuccessful": evidence.exit_code is not None and not evidence.timed_out and not evidence.oom,
        "commandLine": " ".join(evidence.argv),
        "arguments": list(evidence.argv[1:]),
        **ended,
        "properties": {
            "id": evidence.id,
            "stage": evidence.stage,
            "tool": evidence.tool,
            "toolVersion": evidence.tool_version,
            "image": evidence.isolation.image,
            "imageDigest": evidence.isolation.image_digest,
            "stdoutDigest": evidence.stdout_digest,
            "stderrDigest": evidence.stderr_digest,
        },
    }


def _broken(stages: Sequence[StageResult]) -> list[dict[str, Any]]:
    """A stage that errored or was skipped checked nothing: code scanning must not show it as clean."""
    return [
        {
            "executionSuccessful": stage.status != "errored",
            "toolExecutionNotifications": [
                {
                    "level": "error" if stage.status == "errored" else "note",
                    "message": {"text": f"{stage.stage} {stage.status}: {_clean(stage.reason) or 'no reason given'}"},
                }
            ],
        }
        for stage in stages
        if stage.status in ("errored", "skipped")
    ]


def _short(text: str) -> str:
    return (_clean(text).splitlines() or [""])[0][:300] or "No description."


def _clean(text: str) -> str:
    """Without what no reader can show; half of a surrogate pair is no JSON text."""
    return "".join(c for c in text if c in "\n\t" or (ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF)).strip()

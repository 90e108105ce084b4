"""JUnit XML as CI servers read it: a stage is a suite; a command that ran, or a finding that fails, is a case."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from qlp.models import Finding, StageResult, Verdict
from qlp.models.finding import at_least

MEDIA_TYPE = "application/xml"
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def junit(verdict: Verdict) -> str:
    """A suite has a failure exactly if its stage failed, and an error exactly if it errored."""
    top = ET.Element("testsuites", name="qlp", time=f"{sum(s.wall_s for s in verdict.stages):.3f}")
    for stage in verdict.stages:
        top.append(_suite(stage))
    for count in ("tests", "failures", "errors", "skipped"):
        top.set(count, str(sum(int(suite.get(count, "0")) for suite in top)))
    ET.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="unicode") + "\n"


def _suite(stage: StageResult) -> ET.Element:
    suite = ET.Element("testsuite", name=stage.stage, time=f"{stage.wall_s:.3f}")
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="status", value=stage.status)
    for name, value in stage.facts.items():
        ET.SubElement(properties, "property", name=_clean(name), value=_clean(str(value)))
    for proof in stage.evidence:
        case = _case(suite, stage, f"{proof.tool or proof.argv[0]}: {' '.join(proof.argv)}"[:300], proof.wall_s)
        ended = f"exit {proof.exit_code}" if proof.exit_code is not None else f"signal {proof.signal}"
        ET.SubElement(case, "system-out").text = f"{proof.tool} {_clean(proof.tool_version)}, {ended}"
    if stage.status == "failed":
        _failures(suite, stage)
    elif stage.status in ("errored", "skipped"):
        case = _case(suite, stage, stage.stage)
        ET.SubElement(case, "error" if stage.status == "errored" else "skipped", message=_clean(stage.reason))
    elif not stage.evidence:
        _case(suite, stage, stage.stage)
    counts = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    for count, tag in counts.items():
        suite.set(count, str(sum(1 for _ in suite.iter(tag))))
    lesser = [f for f in stage.findings if stage.status != "failed" or not at_least(f.severity, "medium")]
    if lesser:
        ET.SubElement(suite, "system-out").text = "\n".join(_line(f) for f in lesser)
    return suite


def _failures(suite: ET.Element, stage: StageResult) -> None:
    failing = [f for f in stage.findings if at_least(f.severity, "medium")]
    for finding in failing:
        case = _case(suite, stage, f"{finding.rule} {_place(finding)}".strip())
        if finding.file:
            case.set("file", _clean(finding.file))
        if finding.line:
            case.set("line", str(finding.line))
        message = (_clean(finding.message).splitlines() or [""])[0]
        failure = ET.SubElement(case, "failure", message=message, type=f"{finding.tool or 'qlp'}/{finding.rule}")
        failure.text = _line(finding) + (f"\nFix: {_clean(finding.fix)}" if finding.fix else "")
    if not failing:
        ET.SubElement(_case(suite, stage, stage.stage), "failure", message=_clean(stage.reason) or "the stage failed")


def _case(suite: ET.Element, stage: StageResult, name: str, wall_s: float = 0.0) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=f"qlp.{stage.stage}", name=_clean(name), time=f"{wall_s:.3f}")


def _place(finding: Finding) -> str:
    return ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part)


def _line(finding: Finding) -> str:
    return _clean(f"{finding.severity} {finding.rule} {_place(finding)} {finding.message}")


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)

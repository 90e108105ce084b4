"""SARIF and JUnit of a verdict with everything in it; SARIF is held against the schema's essential constraints."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from qlp.models import Evidence, Finding, Isolation, SourceFile, StageResult, Verdict
from qlp.validation.reports import junit, sarif
from qlp.validation.reports.columns import Lines

pytestmark = pytest.mark.unit
ISOLATION = Isolation(backend="docker", runtime="runc", image="qlp/python", image_digest="sha256:1")
FILES = (
    SourceFile(path="src/a b.py", content='x = 1\ny = "😀é" + z\nx = 1\n'),
    SourceFile(path="run.ts", content="const s = '😀' + t\n"),
)


def proof(id: str, stage: str, tool: str, exit_code: int | None = 0, **fields: Any) -> Evidence:
    told: dict[str, Any] = {"stdout": "", "stderr": "", "stdout_digest": "sha256:0", "stderr_digest": "sha256:0"}
    told |= {"wall_s": 0.5, "cpu_s": 0.1, "max_rss_bytes": 1, "input_digest": "sha256:2", "tool_version": "1.2"}
    return Evidence(
        id=id,
        stage=stage,
        argv=(tool, "--x", "."),
        exit_code=exit_code,
        tool=tool,
        isolation=ISOLATION,
        **told | fields,
    )


def finding(rule: str, severity: Any = "medium", **fields: Any) -> Finding:
    return Finding(rule=rule, severity=severity, message=fields.pop("message", "wrong\nvery"), **fields)


def verdict() -> Verdict:
    style = (
        finding("F821", file="src/a b.py", line=2, column=12, end_line=2, end_column=13, tool="ruff", fix="define z"),
        finding("E1", file="src/a b.py", line=1, column=1, tool="ruff"),
        finding("E1", file="src/a b.py", line=3, column=1, tool="ruff"),
        finding("format", "info", file="src/a b.py", tool="ruff"),
    )
    security = (finding("B602", "high", file="src/a b.py", line=1, tool="bandit", message="shell\x1b[31m \x00 <x>"),)
    return Verdict(
        input_digest="sha256:2",
        policy="production@1",
        verified=False,
        stages=(
            StageResult(
                stage="syntax", status="passed", evidence=(proof("syntax-1", "syntax", "compile"),), wall_s=0.5
            ),
            StageResult(
                stage="style", status="failed", findings=style, evidence=(proof("style-1", "style", "ruff", 1),)
            ),
            StageResult(
                stage="types",
                status="errored",
                reason="mypy was ended",
                evidence=(proof("types-1", "types", "mypy", None, signal=9),),
            ),
            StageResult(stage="security", status="failed", findings=security),
            StageResult(stage="tests", status="failed", reason="not run: the build failed"),
            StageResult(stage="runtime", status="skipped", reason="nothing to run", facts={"runs": 0}),
        ),
        opinions=(finding("logic.x", "low", tool="openai:m", source="model", file="run.ts", line=1, column=11),),
    )


def check_sarif(document: dict[str, Any]) -> None:
    """The constraints of the SARIF 2.1.0 schema that a writer can break, and what code scanning needs beyond."""
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        assert rule.get("helpUri", "https://x").startswith("https://")
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)
        for notification in invocation.get("toolExecutionNotifications", ()):
            assert notification["message"]["text"]
    prints = []
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"].strip()
        assert all(isinstance(v, str) for v in result["partialFingerprints"].values())
        prints.append(tuple(result["partialFingerprints"].items()))
        for location in result.get("locations", ()):
            place = location["physicalLocation"]
            uri = place["artifactLocation"]["uri"]
            assert uri
            assert " " not in uri
            assert not uri.startswith("/")
            assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
            region = place.get("region")
            if region is not None:
                assert region["startLine"] >= 1
                assert region.get("startColumn", 1) >= 1
                assert region.get("endLine", region["startLine"]) >= region["startLine"]
                if region.get("endLine", region["startLine"]) == region["startLine"] and "endColumn" in region:
                    assert region["endColumn"] >= region["startColumn"]
    assert len(prints) == len(set(prints)), "equal fingerprints would be merged into one alert"
    json.dumps(document).encode()


def test_sarif_has_every_finding_with_rule_level_place_and_fix() -> None:
    document = sarif(verdict(), FILES, prefix="backend/")
    check_sarif(document)
    (run,) = document["runs"]
    first = run["results"][0]
    assert first["ruleId"] == "ruff/F821"
    assert first["level"] == "warning"
    assert "Fix: define z" in first["message"]["text"]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "backend/src/a%20b.py"
    by_rule = {r["ruleId"]: r["level"] for r in run["results"]}
    assert by_rule == {
        "ruff/F821": "warning", "ruff/E1": "warning", "ruff/format": "note", "bandit/B602": "error",
        "openai:m/logic.x": "note",
    }  # fmt: skip
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules["bandit/B602"]["properties"]["security-severity"] == "8.0"
    assert "[31m" in rules["bandit/B602"]["fullDescription"]["text"]
    assert "\x1b" not in json.dumps(document, ensure_ascii=False)
    assert {t["name"]: t["version"] for t in run["tool"]["extensions"]} == dict.fromkeys(
        ("compile", "mypy", "ruff"), "1.2"
    )


def test_what_did_not_run_is_told() -> None:
    (run,) = sarif(verdict(), FILES)["runs"]
    told = [n["message"]["text"] for i in run["invocations"] for n in i.get("toolExecutionNotifications", ())]
    assert told == ["types errored: mypy was ended", "runtime skipped: nothing to run"]
    killed = next(i for i in run["invocations"] if i.get("exitSignalNumber") == 9)
    assert killed["executionSuccessful"] is False
    assert "exitCode" not in killed


def test_fingerprints_survive_lines_added_above() -> None:
    before = sarif(verdict(), FILES)["runs"][0]["results"]
    moved = verdict()
    style = moved.stages[1]
    findings = tuple(
        f.model_copy(update={"line": f.line + 2, "end_line": None}) if f.line else f for f in style.findings
    )
    stages = (moved.stages[0], style.model_copy(update={"findings": findings}), *moved.stages[2:])
    longer = (FILES[0].model_copy(update={"content": "# one\n# two\n" + FILES[0].content}), FILES[1])
    after = sarif(moved.model_copy(update={"stages": stages}), longer)["runs"][0]["results"]
    assert [r["partialFingerprints"] for r in before[:4]] == [r["partialFingerprints"] for r in after[:4]]


def test_columns_are_utf16_units_whatever_the_tool_counts() -> None:
    lines = Lines(FILES)
    # `y = "😀é" + z`: z is character 12, byte 16, UTF-16 unit 13
    assert lines.column("ruff", "src/a b.py", 2, 12) == 13
    assert lines.column("mypy", "src/a b.py", 2, 16) == 13
    assert lines.column("eslint", "src/a b.py", 2, 13) == 13
    assert lines.column("ruff", "src/a b.py", 2, 99) == 13 + 1 + (99 - 13)
    assert lines.column("ruff", "nowhere.py", 2, 7) == 7
    assert lines.column("ruff", "src/a b.py", 99, 7) == 7
    assert lines.column("ruff", "src/a b.py", 2, 0) is None


def test_an_empty_verdict_is_a_valid_report() -> None:
    empty = Verdict(input_digest="sha256:0", stages=(), verified=False)
    check_sarif(sarif(empty))
    assert ET.fromstring(junit(empty)).get("tests") == "0"


def test_junit_fails_exactly_where_a_stage_failed() -> None:
    top = ET.fromstring(junit(verdict()).encode())
    suites = {s.get("name"): s for s in top}
    assert list(suites) == ["syntax", "style", "types", "security", "tests", "runtime"]
    for stage in verdict().stages:
        suite = suites[stage.stage]
        assert (int(suite.get("failures", "")) > 0) == (stage.status == "failed"), stage.stage
        assert (int(suite.get("errors", "")) > 0) == (stage.status == "errored"), stage.stage
        assert (int(suite.get("skipped", "")) > 0) == (stage.status == "skipped"), stage.stage
        assert int(suite.get("tests", "")) == len(suite.findall("testcase")) >= 1
    for count in ("tests", "failures", "errors", "skipped"):
        assert int(top.get(count, "")) == sum(int(s.get(count, "")) for s in suites.values())
    failed = suites["style"].findall("testcase/failure")
    assert [f.get("type") for f in failed] == ["ruff/F821", "ruff/E1", "ruff/E1"]
    assert "Fix: define z" in (failed[0].text or "")
    assert "format" in (suites["style"].findtext("system-out") or "")
    assert suites["tests"].find("testcase/failure").get("message") == "not run: the build failed"  # type: ignore[union-attr]

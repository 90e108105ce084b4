"""A model's claim against real code: what a real test run confirms blocks, what it refutes or cannot show does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qlp.config import SandboxSettings, home
from qlp.errors import SandboxUnavailableError
from qlp.models import SourceFile, StageResult, Verdict
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import Limits
from qlp.validation import infer_contract
from qlp.validation.opinions import apply, try_all
from qlp.validation.opinions.answer import read_answer
from qlp.validation.policy import load_policy
from qlp.validation.project import Project

pytestmark = pytest.mark.docker

PYTHON = "def mean(values):\n    return sum(values) / len(values)\n\n\ndef double(x):\n    return x * 3\n"
CLAIMS = {
    "wrong-result": ("from calc import double\n\n\ndef test_it():\n    assert double(2) == 4\n", "6 == 4", "confirmed"),
    "crash": (
        "from calc import mean\n\n\ndef test_it():\n    assert mean([]) == 0\n",
        "ZeroDivisionError",
        "confirmed",
    ),
    "fine": ("from calc import mean\n\n\ndef test_it():\n    assert mean([2, 4]) == 3\n", "assert", "refuted"),
    "no-such-name": (
        "from calc import median\n\n\ndef test_it():\n    assert median([1]) == 1\n",
        "median",
        "unproven",
    ),
    "always": ("def test_it():\n    assert 1 == 2, 'broken'\n", "broken", "unproven"),
}


def said() -> str:
    rows, blocks = [], []
    for number, (rule, (test, expect, _)) in enumerate(CLAIMS.items()):
        path = f"tests/test_claim_{number}.py"
        about = {"rule": rule, "severity": "high", "file": "calc.py", "line": 1, "message": rule}
        rows.append({**about, "reproduction": path, "expect": expect})
        blocks.append(f"````python path={path}\n{test}````\n")
    return f"```json\n{json.dumps({'findings': rows})}\n```\n\n" + "\n".join(blocks)


async def test_python_claims(tmp_path: Path) -> None:
    try:
        backend = await open_backend(SandboxSettings(), home())
    except SandboxUnavailableError as error:
        pytest.skip(error.detail)
    files = (SourceFile(path="calc.py", content=PYTHON),)
    project = Project(files, infer_contract(files))
    opinions = read_answer(said(), project, reviewer="logic", model="m")
    assert len(opinions) == 5
    tried = await try_all(opinions, project, backend, limits=Limits())
    assert {t.opinion.finding.rule.removeprefix("logic."): t.seen for t in tried} == {
        rule: seen for rule, (_, _, seen) in CLAIMS.items()
    }
    stages = (StageResult(stage="syntax", status="passed"),)
    before = Verdict(input_digest="sha256:0", stages=stages, verified=True)
    after = apply(before, tried, {}, load_policy("development"))
    assert not after.verified
    tests = after.stage("tests")
    assert tests is not None
    assert {f.rule for f in tests.findings} == {"logic.wrong-result", "logic.crash"}
    assert all(e.exit_code == 1 and e.isolation.image_digest for e in tests.evidence)

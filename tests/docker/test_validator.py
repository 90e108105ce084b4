"""The validator with the real tools in a real sandbox: what it must find, and what it must not call passed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from qlp.config import SandboxSettings, home
from qlp.errors import SandboxUnavailableError
from qlp.models import ContractFile, InterfaceContract, ProjectCommand, Route, SourceFile, Verdict
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import SandboxBackend
from qlp.validation import infer_contract, validate_project

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
async def backend() -> AsyncIterator[SandboxBackend]:
    try:
        yield await open_backend(SandboxSettings(backend="docker"), home())
    except SandboxUnavailableError as error:
        pytest.skip(error.detail)


def files(**content: str) -> tuple[SourceFile, ...]:
    """`tests__test_a_py="..."` is the file tests/test_a.py."""
    named = {k.replace("__", "/"): v for k, v in content.items()}
    return tuple(
        SourceFile(path=".".join(k.rsplit("_", 1)) if "." not in k else k, content=v) for k, v in sorted(named.items())
    )


async def check(backend: SandboxBackend, project: tuple[SourceFile, ...], **contract: Any) -> Verdict:
    inferred = infer_contract(project)
    return await validate_project(project, inferred.model_copy(update=contract), backend)


GOOD = {
    "calc_py": 'def add(a: int, b: int) -> int:\n    """Sum."""\n    return a + b\n',
    "tests__test_calc_py": "from calc import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n",
}


async def test_a_clean_python_project_is_verified_with_evidence_of_every_stage(backend: SandboxBackend) -> None:
    verdict = await check(backend, files(**GOOD))
    assert {s.stage: s.status for s in verdict.stages} == {
        "syntax": "passed",
        "style": "passed",
        "types": "passed",
        "security": "passed",
        "tests": "passed",
        "runtime": "skipped",
    }
    assert verdict.verified
    for stage in verdict.stages[:5]:
        assert stage.evidence, stage.stage
        for proof in stage.evidence:
            assert proof.tool_version, proof.tool
            assert proof.isolation.image_digest.startswith("sha256:")


@pytest.mark.parametrize(
    ("change", "stage", "rule"),
    [
        ({"calc_py": "def add(a, b)\n    return a + b\n"}, "syntax", "syntax-error"),
        ({"calc_py": "import os\n\n\ndef add(a: int, b: int) -> int:\n    return a + b\n"}, "style", "F401"),
        ({"calc_py": 'def add(a: int, b: int) -> int:\n    return f"{a}{b}"\n'}, "types", "return-value"),
        (
            {
                "calc_py": "import pickle\n\n\ndef add(a: int, b: int) -> int:\n    return int(pickle.loads(bytes([a]))) + b\n"
            },
            "security",
            "insecure-deserialisation",
        ),
        ({"calc_py": "def add(a: int, b: int) -> int:\n    return a - b\n"}, "tests", "test-failed"),
    ],
)
async def test_each_stage_finds_its_defect(
    backend: SandboxBackend, change: dict[str, str], stage: str, rule: str
) -> None:
    verdict = await check(backend, files(**{**GOOD, **change}))
    found = next(s for s in verdict.stages if s.stage == stage)
    assert found.status == "failed"
    assert rule in {f.rule for f in found.findings}
    assert not verdict.verified


@pytest.mark.parametrize(
    "test",
    [
        "import os\nos._exit(0)\n",
        "import pytest\n\n\n@pytest.mark.skip\ndef test_a() -> None: ...\n",
        "X = 1\n",
    ],
    ids=["exits with 0 before any test", "skips all", "has none"],
)
async def test_a_suite_that_runs_nothing_is_not_passed(backend: SandboxBackend, test: str) -> None:
    verdict = await check(backend, files(**{**GOOD, "tests__test_calc_py": test}))
    assert next(s for s in verdict.stages if s.stage == "tests").status == "failed"
    assert not verdict.verified


async def test_a_hanging_suite_ends_at_its_limit(backend: SandboxBackend) -> None:
    from qlp.sandbox.protocol import Limits

    project = files(**{**GOOD, "tests__test_calc_py": "def test_a() -> None:\n    while True:\n        pass\n"})
    verdict = await validate_project(project, infer_contract(project), backend, limits=Limits(wall_s=3))
    tests = next(s for s in verdict.stages if s.stage == "tests")
    assert tests.status == "failed"
    assert "time limit" in tests.findings[0].message


SERVER = """import http.server
import os


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(b"{}")


if __name__ == "__main__":
    http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def service(source: str, *routes: Route) -> tuple[tuple[SourceFile, ...], InterfaceContract]:
    project = (SourceFile(path="serve.py", content=source),)
    contract = InterfaceContract(
        project="p",
        kind="rest_api",
        language="python",
        files=(ContractFile(path="serve.py", task="t"),),
        routes=routes,
        port=8000,
        commands=(ProjectCommand(purpose="start", argv=("python3", "serve.py")),),
    )
    return project, contract


async def test_a_service_is_started_probed_and_asked(backend: SandboxBackend) -> None:
    project, contract = service(SERVER, Route(method="GET", path="/health"))
    verdict = await validate_project(project, contract, backend, stages=("runtime",))
    (runtime,) = verdict.stages
    assert runtime.status == "passed"
    assert runtime.facts["smoke_requests"] == 1


async def test_a_wrong_answer_fails_the_runtime_stage_and_shows_it(backend: SandboxBackend) -> None:
    project, contract = service(SERVER, Route(method="GET", path="/books", status=200))
    (runtime,) = (await validate_project(project, contract, backend, stages=("runtime",))).stages
    assert runtime.status == "failed"
    assert "expected 200, got status 404" in runtime.findings[0].message


async def test_a_service_that_dies_at_start_fails_with_its_own_words(backend: SandboxBackend) -> None:
    project, contract = service("raise SystemExit('no database')\n", Route(method="GET", path="/health"))
    (runtime,) = (await validate_project(project, contract, backend, stages=("runtime",))).stages
    assert runtime.status == "failed"
    assert "no database" in runtime.findings[0].message


async def test_an_install_that_fails_blocks_tests_and_runtime_as_failures(backend: SandboxBackend) -> None:
    project = (*files(**GOOD), SourceFile(path="requirements.txt", content="no-such-package-at-all==1.0\n"))
    verdict = await check(backend, project)
    status = {s.stage: s.status for s in verdict.stages}
    assert status["tests"] == status["runtime"] == "failed"
    assert not verdict.verified


JS = {
    "sum.mjs": "export const sum = (xs) => xs.reduce((a, b) => a + b, 0);\n",
    "sum.test.mjs": "import test from 'node:test';\nimport assert from 'node:assert/strict';\nimport { sum } from './sum.mjs';\n\ntest('sum', () => assert.equal(sum([1, 2]), 3));\n",
}


async def test_javascript_is_checked_with_its_own_tools(backend: SandboxBackend) -> None:
    project = tuple(SourceFile(path=p, content=c) for p, c in JS.items())
    verdict = await check(backend, project)
    status = {s.stage: s.status for s in verdict.stages}
    assert (status["syntax"], status["style"], status["tests"]) == ("passed", "passed", "passed")
    assert status["types"] == "skipped"
    assert verdict.verified
    broken = tuple(SourceFile(path=p, content=c.replace("a + b", "a - b")) for p, c in JS.items())
    assert not (await check(backend, broken)).verified


GO = {
    "go.mod": "module example.com/calc\n\ngo 1.19\n",
    "calc.go": "// Package calc adds.\npackage calc\n\n// Add sums.\nfunc Add(a, b int) int { return a + b }\n",
    "calc_test.go": 'package calc\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Fatal("wrong")\n\t}\n}\n',
}


async def test_go_is_checked_with_its_own_tools(backend: SandboxBackend) -> None:
    project = tuple(SourceFile(path=p, content=c) for p, c in GO.items())
    verdict = await check(backend, project)
    status = {s.stage: s.status for s in verdict.stages}
    assert status == {
        "syntax": "passed",
        "style": "passed",
        "types": "passed",
        "security": "passed",
        "tests": "passed",
        "runtime": "skipped",
    }
    broken = tuple(SourceFile(path=p, content=c.replace("a + b", "a + undefined")) for p, c in GO.items())
    failed = await check(backend, broken)
    assert {s.stage for s in failed.stages if s.status == "failed"} >= {"types", "tests"}

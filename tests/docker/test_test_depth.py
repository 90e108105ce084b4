"""Mutants and coverage with real tools: one sandbox a language, a suite that holds and one that cannot fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from qlp.config import SandboxSettings, home
from qlp.errors import SandboxUnavailableError
from qlp.models import SourceFile
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import Command, Limits, Sandbox, SandboxBackend
from qlp.validation import Check, Project, infer_contract
from qlp.validation.coverage import measure_coverage
from qlp.validation.depth import Depth
from qlp.validation.evidence import Recorder, digest_of
from qlp.validation.mutation import sample_mutants
from qlp.validation.registry import main_toolchain

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
async def backend() -> AsyncIterator[SandboxBackend]:
    try:
        yield await open_backend(SandboxSettings(backend="docker"), home())
    except SandboxUnavailableError as error:
        pytest.skip(error.detail)


PYTHON = {
    "src/calc/__init__.py": "",
    "src/calc/core.py": "def clamp(x: int, top: int) -> int:\n    if x > top:\n        return top\n    return x\n\n\ndef unused(x: int) -> int:\n    return x + 1\n",
    "tests/test_core.py": "from calc.core import clamp\n\n\ndef test_clamp() -> None:\n    assert clamp(5, 3) == 3\n    assert clamp(1, 3) == 1\n",
}
TYPESCRIPT = {
    "src/calc.ts": "export interface Box {\n  n: number;\n}\n\nexport function clamp(x: number, top: number): number {\n  if (x > top) {\n    return top;\n  }\n  return x;\n}\n\nexport function unused(box: Box): number {\n  return box.n + 1;\n}\n",
    "test/calc.test.ts": "import test from 'node:test';\nimport assert from 'node:assert/strict';\nimport { clamp } from '../src/calc.ts';\n\ntest('clamp', () => {\n  assert.equal(clamp(5, 3), 3);\n  assert.equal(clamp(1, 3), 1);\n});\n",
}
GO = {
    "go.mod": "module example.com/calc\n\ngo 1.19\n",
    "calc.go": "// Package calc clamps.\npackage calc\n\n// Clamp x.\nfunc Clamp(x, top int) int {\n\tif x > top {\n\t\treturn top\n\t}\n\treturn x\n}\n\n// Unused adds.\nfunc Unused(x int) int {\n\treturn x + 1\n}\n",
    "calc_test.go": 'package calc\n\nimport "testing"\n\nfunc TestClamp(t *testing.T) {\n\tif Clamp(5, 3) != 3 || Clamp(1, 3) != 1 {\n\t\tt.Fatal("wrong")\n\t}\n}\n',
}


class Opened:
    """A project in an open sandbox, with the checks of its tests."""

    def __init__(self, sandbox: Sandbox, files: Mapping[str, str]) -> None:
        self.sandbox = sandbox
        self.files = tuple(SourceFile(path=p, content=c) for p, c in files.items())
        contract = infer_contract(self.files)
        self.project = Project(self.files, contract)
        self.toolchain = main_toolchain(contract.language)
        self.recorder = Recorder(digest_of(self.files), sandbox.isolation, {})

    async def put(self) -> tuple[Check, ...]:
        await self.sandbox.put({**{f.path: f.data for f in self.files}, **self.toolchain.support})
        checks = self.toolchain.plan(self.project)["tests"]
        assert isinstance(checks, tuple)
        return checks

    async def mutants(self, count: int) -> Depth:
        checks = await self.put()
        depth = await sample_mutants(self.sandbox, self.project, checks, self.recorder, count=count, wall_s=240, seed=3)
        for file in self.files:
            assert await self.sandbox.get(file.path) == file.data
        return depth

    async def coverage(self) -> Depth:
        return await measure_coverage(self.sandbox, self.project, await self.put(), self.recorder, wall_s=120)


@pytest.mark.parametrize(
    ("profile", "files", "percent", "held"),
    [
        pytest.param("python", PYTHON, (80, 90), "assert ", id="python"),
        pytest.param("node", TYPESCRIPT, (70, 80), "", id="typescript"),
        pytest.param("go", GO, (70, 80), "", id="go"),
    ],
)
async def test_a_suite_that_holds_and_one_that_cannot_fail(
    backend: SandboxBackend, profile: str, files: dict[str, str], percent: tuple[int, int], held: str
) -> None:
    async with backend.open(profile, Limits()) as sandbox:
        good = Opened(sandbox, files)
        covered = await good.coverage()
        assert percent[0] <= float(covered.facts["coverage_percent"]) <= percent[1], covered
        strong = await good.mutants(4)
        assert strong.facts["mutants_tried"] == 4, strong
        assert int(strong.facts["mutants_killed"]) >= 1
        assert not any(f.severity == "high" for f in strong.findings)
        if not held:
            return
        weak = await Opened(sandbox, {p: c.replace(held, "") for p, c in files.items()}).mutants(3)
        assert weak.facts == {**weak.facts, "mutants_tried": 3, "mutants_killed": 0}
        assert weak.findings[0].rule == "tests-cannot-fail"


async def test_the_support_program_runs_in_an_image_of_compiled_languages(backend: SandboxBackend) -> None:
    files = {
        "Calc.java": "public class Calc {\n  static int clamp(int x, int top) {\n    return x > top ? top : x;\n  }\n}\n",
        "CalcTest.java": "import static org.junit.jupiter.api.Assertions.assertEquals;\n\nimport org.junit.jupiter.api.Test;\n\nclass CalcTest {\n  @Test\n  void clamps() {\n    assertEquals(3, Calc.clamp(5, 3));\n    assertEquals(1, Calc.clamp(1, 3));\n  }\n}\n",
    }
    async with backend.open("java", Limits()) as sandbox:
        depth = await Opened(sandbox, files).mutants(1)
    assert depth.facts["mutants_killed"] == 1 or depth.findings[0].rule == "mutant-survived", depth


async def test_python_tests_are_believed_only_by_their_own_report(backend: SandboxBackend) -> None:
    """One sandbox: what prints a summary of its own, unittest, hypothesis, a suite that passes only once."""
    async with backend.open("python", Limits()) as sandbox:

        async def result_of(files: dict[str, str], *argv: str) -> tuple[set[str], str, dict[str, int | float | str]]:
            project = Opened(sandbox, files)
            checks = await project.put()
            command = checks[0].command
            if argv:
                command = Command(argv=("python3", ".qlp/py_tests.py", *argv), env=command.env)
            reading = checks[0].parse(await sandbox.run(command))
            await sandbox.run(Command(argv=("sh", "-c", "rm -rf tests src conftest.py *.py")))
            return {f.rule for f in reading.findings}, " ".join(f.message for f in reading.findings), reading.facts

        rules, _, facts = await result_of(PYTHON)
        assert (rules, facts["tests_passed"]) == (set(), 1)
        fake = {**PYTHON, "conftest.py": "import os\nprint('5 passed in 0.01s', flush=True)\nos._exit(0)\n"}
        assert (await result_of(fake))[0] == {"tests-broken"}
        late = "import os\n\n\ndef test_a() -> None:\n    pass\n\n\ndef test_b() -> None:\n    print('2 passed')\n    os._exit(0)\n"
        rules, message, _ = await result_of({"test_a.py": late})
        assert rules == {"tests-broken"}
        assert "test_b" in message
        drawn = "from hypothesis import given, strategies as st\n\n\n@given(st.integers())\ndef test_small(n: int) -> None:\n    assert n < 1000\n"
        rules, message, _ = await result_of({"test_h.py": drawn})
        assert rules == {"test-failed"}
        assert "n=1000" in message
        unit = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self) -> None:\n        self.assertEqual(1, 1)\n\n    @unittest.skip('later')\n    def test_b(self) -> None:\n        pass\n\n    def test_c(self) -> None:\n        self.assertEqual(1, 2)\n"
        for argv in ((), ("python3", "-m", "unittest", "discover", "-q")):
            rules, message, facts = await result_of({"test_u.py": unit}, *argv)
            assert rules == {"test-failed"}
            assert (facts["tests_passed"], facts["tests_failed"], facts["tests_skipped"]) == (1, 1, 1)
            assert "1 != 2" in message


async def test_hostile_files_are_findings_not_crashes(backend: SandboxBackend) -> None:
    """Deep nesting, null bytes, odd names, an empty and a huge file, in both languages' syntax stages."""
    deep, wide = "(" * 20_000, "x = [\n" + "    1,\n" * 60_000 + "]\n"
    python = {
        "-x.py": "X = 1\n", "a b.py": "Y = 1\n", "empty.py": "", "huge.py": wide, "deep.py": f"x = {deep}\n",
        "minus.py": "x = " + "-" * 100_000 + "1\n", "null.py": "a\0b\n", "attr.py": "x" + ".a" * 50_000 + "\n",
    }  # fmt: skip
    script = {
        "-x.js": "export const x = 1;\n", "a b.mjs": "export const y = 1;\n", "empty.js": "", "deep.js": f"x = {deep}\n",
        "deep.ts": f"x = {'[' * 50_000}\n", "hash.cjs": "#!/usr/bin/env node\nreturn 1;\n",
        "view.jsx": "export const A = () => <p>Don't</p>;\n", "huge.ts": "export const x = [\n" + "  1,\n" * 60_000 + "];\n",
    }  # fmt: skip
    for profile, files, wrong in (
        ("python", python, {"deep.py", "null.py", "minus.py"}),
        ("node", script, {"deep.js", "deep.ts"}),
    ):
        async with backend.open(profile, Limits()) as sandbox:
            opened = Opened(sandbox, files)
            await sandbox.put({**{f.path: f.data for f in opened.files}, **opened.toolchain.support})
            syntax = opened.toolchain.plan(opened.project)["syntax"]
            assert isinstance(syntax, tuple)
            reading = syntax[0].parse(await sandbox.run(syntax[0].command))
        assert not reading.broken
        assert reading.facts["files"] == len(files)
        assert {f.file for f in reading.findings} - {"attr.py"} == wrong

"""Commands guessed for Python, JavaScript and TypeScript that come without a plan."""

from __future__ import annotations

import json

import pytest

from qlp.validation.inference import node, python
from qlp.validation.test_files import is_code, is_test

pytestmark = pytest.mark.unit


def of(module: object, files: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {c.purpose: c.argv for c in module.commands(set(files), files)}  # type: ignore[attr-defined]


def path_of(files: dict[str, str]) -> str:
    return next(c.env.get("PYTHONPATH", "") for c in python.commands(set(files), files) if c.purpose == "test")


@pytest.mark.parametrize(
    ("files", "roots"),
    [
        (("calc.py", "test_calc.py"), ""),
        (("pkg/__init__.py", "pkg/a.py", "tests/test_a.py"), ""),
        (("src/pkg/__init__.py", "tests/test_a.py"), "src"),
        (("proj/app.py", "proj/tests/test_app.py"), "proj"),
        (("proj/src/app/__init__.py", "proj/tests/test_app.py"), "proj:proj/src"),
        (("tests/test_a.py", "tests/b.py"), ""),
    ],
)
def test_where_python_modules_are_imported_from(files: tuple[str, ...], roots: str) -> None:
    assert path_of(dict.fromkeys(files, "def test_a(): ...\n")) == roots


def test_python_without_tests_has_no_test_command_and_odd_names_are_named() -> None:
    assert of(python, {"a.py": ""}) == {}
    assert of(python, {"a.py": "", "tests.py": "class T:\n    def test_a(self): ...\n"})["test"][-1] == "./tests.py"
    assert of(python, {"tests/test_a.py": "", "requirements.txt": ""})["install"][-2:] == ("-r", "requirements.txt")


NODE = "import test from 'node:test';\n"
VITEST = "import { it } from 'vitest';\n"
JEST = "test('a', () => { expect(1).toBe(1); });\n"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.test.js": NODE, "test/fixture.js": "export const a = 1;"}, ("node", "--test", "./a.test.js")),
        ({"src/a.ts": "", "test/-a.test.ts": NODE}, ("node", "--import", "./test/-a.test.ts")),
        ({"a.test.ts": VITEST}, ("/opt/qlp/node/node_modules/.bin/vitest", "run")),
        ({"a.test.js": JEST}, ("run", ".qlp/jest/vitest.config.mjs")),
        ({"a.test.js": JEST, "package.json": json.dumps({"scripts": {"test": "jest --coverage"}})}, ("run",)),
        (
            {"a.test.js": NODE, "package.json": json.dumps({"scripts": {"test": "node --test a.test.js"}})},
            ("a.test.js",),
        ),
        ({"a.test.js": NODE, "package.json": json.dumps({"scripts": {"test": "tsc && node --test"}})}, ("npm", "test")),
        ({"a.test.ts": VITEST, "package.json": json.dumps({"scripts": {"test": "vitest --coverage"}})}, ("run",)),
        ({"a.test.js": NODE, "package.json": "{broken"}, ("node", "--test")),
        ({"test.js": "const assert = require('assert');\nassert(1);\n"}, ("node", "--test", "./test.js")),
    ],
)
def test_the_runner_that_node_tests_were_written_for(files: dict[str, str], words: tuple[str, ...]) -> None:
    argv = of(node, files)["test"]
    assert set(words) <= set(argv)
    assert "test/fixture.js" not in " ".join(argv)


def test_made_files_are_built_before_they_are_tested() -> None:
    scripts = {"build": "tsc -p .", "test": "node --test dist/a.test.js"}
    found = of(node, {"a.test.ts": NODE, "package.json": json.dumps({"scripts": scripts})})
    assert found["build"] == ("npm", "run", "build")
    assert of(node, {"a.js": ""}) == {}


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py",
        "a_test.go",
        "src/x.test.ts",
        "FooTest.java",
        "spec/a_spec.rb",
        "test_a.c",
        "a/__tests__/b.js",
        "x.bats",
    ],
)
def test_names_of_tests(path: str) -> None:
    assert is_test(path)
    assert not is_code(path)


@pytest.mark.parametrize(
    "path", ["src/contest.py", "latest.go", "Audit.java", "attestation.ts", "bin/cli.js", "lib/spec.rb"]
)
def test_names_that_only_look_like_tests(path: str) -> None:
    assert is_code(path)


@pytest.mark.parametrize(
    "path", ["vendor/a.go", "vitest.config.ts", "types.d.ts", "setup.py", "dist/a.js", ".qlp/x.py"]
)
def test_what_is_no_code_of_the_project(path: str) -> None:
    assert not is_code(path)

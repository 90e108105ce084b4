from __future__ import annotations

import time

import pytest

from qlp.agents.plan_check import check_plan
from qlp.agents.single_function import single_function_plan
from qlp.agents.user_tests import imported_modules, in_language_of_tests, language_of_tests
from qlp.errors import InputError
from qlp.models import Analysis, Entity, Language, ProjectKind, ProjectSpec, Request

pytestmark = pytest.mark.unit


def analysis(kind: ProjectKind = "function", language: Language = "python", **spec: object) -> Analysis:
    values = {"name": "roman-numerals", "kind": kind, "language": language, "summary": "s", **spec}
    return Analysis(spec=ProjectSpec.model_validate(values))


def modules(language: Language, **tests: str) -> dict[str, tuple[str, ...]]:
    named = {name.replace("__", "/").replace("_DOT_", "."): source for name, source in tests.items()}
    return {m.path: m.names for m in imported_modules(named, language)}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from solution import f", {"solution.py": ("f",)}),
        ("from solution import f as g, Stack, LIMIT", {"solution.py": ("LIMIT", "Stack", "f")}),
        ("import solution\nsolution.f(1)\nsolution.g", {"solution.py": ("f", "g")}),
        ("import solution as s\nassert s.f(2)", {"solution.py": ("f",)}),
        ("from pkg.core import f", {"pkg/core.py": ("f",)}),
        ("from solution import *", {"solution.py": ()}),
        ("def test():\n    from solution import f\n    assert f", {"solution.py": ("f",)}),
        ("import os, pytest, hypothesis\nfrom collections import deque", {}),
        ("from a import x\nfrom b import y", {"a.py": ("x",), "b.py": ("y",)}),
    ],
)
def test_python_imports(source: str, found: dict[str, tuple[str, ...]]) -> None:
    assert modules("python", test_x_DOT_py=source) == found


def test_helpers_that_come_with_the_tests_are_not_wanted() -> None:
    found = imported_modules({"test_a.py": "import solution\nimport helper", "helper.py": "import json"}, "python")
    assert [m.path for m in found] == ["solution.py"]


@pytest.mark.parametrize(
    ("language", "path", "source", "found"),
    [
        ("javascript", "a.test.mjs", "import { f, g as h } from './solution.mjs'", {"solution.mjs": ("f", "g")}),
        ("javascript", "a.test.mjs", "import f from './solution.mjs'", {"solution.mjs": ()}),
        ("javascript", "test/a.test.js", "const { f } = require('../solution')", {"solution.js": ("f",)}),
        ("javascript", "a.cjs", "const s = require('./solution.cjs')", {"solution.cjs": ()}),
        ("javascript", "a.mjs", "const { f } = await import('./lib/solution.mjs')", {"lib/solution.mjs": ("f",)}),
        ("javascript", "a.mjs", "const path = './data.mjs'; read('./x.mjs')", {}),
        ("javascript", "a.mjs", "import test from 'node:test'\nimport {\n  f,\n} from \"./s.mjs\"", {"s.mjs": ("f",)}),
        ("typescript", "a.test.ts", "import { type T, f } from './solution.js'", {"solution.ts": ("T", "f")}),
        ("typescript", "a.test.ts", "import { f } from './solution'", {"solution.ts": ("f",)}),
        ("go", "solution_test.go", "package stack\n\nfunc TestX(t *testing.T) {}", {"solution.go": ()}),
        ("go", "s_test.go", 'package stack_test\n\nimport "stack"\nvar x = stack.New()', {"solution.go": ("New",)}),
    ],
)
def test_other_imports(language: Language, path: str, source: str, found: dict[str, tuple[str, ...]]) -> None:
    assert {m.path: m.names for m in imported_modules({path: source}, language)} == found


@pytest.mark.parametrize(
    ("language", "tests"),
    [
        ("python", {"test_x.py": "def broken(:"}),
        ("python", {"test_x.py": "x = " + "(" * 5000}),
        ("python", {"test_x.py": "\0"}),
        ("go", {"x_test.go": "no go"}),
        ("javascript", {"x.mjs": "import { f } from '../../outside.mjs'"}),
    ],
)
def test_tests_that_cannot_be_read_are_the_users_error(language: Language, tests: dict[str, str]) -> None:
    with pytest.raises(InputError):
        imported_modules(tests, language)


@pytest.mark.parametrize(
    ("language", "path", "source"),
    [
        ("javascript", "a.mjs", "import " * 150_000),
        ("javascript", "a.mjs", "import" + " " * 1_000_000),
        ("javascript", "a.mjs", ("import " + " " * 1900 + "'./a.mjs'\n") * 400),
        ("go", "a_test.go", "\n" * 1_000_000 + "package a"),
    ],
    ids=range(4),
)
def test_hostile_tests_are_read_in_linear_time(language: Language, path: str, source: str) -> None:
    started = time.process_time()
    imported_modules({path: source}, language)
    assert time.process_time() - started < 2


def test_the_tests_choose_the_language() -> None:
    tests = {"a.test.mjs": "import { f } from './solution.mjs'"}
    assert language_of_tests(tests) == "javascript"
    assert language_of_tests({"a.py": "", "b.go": ""}) is None
    assert in_language_of_tests(Request(text="x", tests=tests), analysis()).spec.language == "javascript"
    with pytest.raises(InputError, match="javascript"):
        in_language_of_tests(Request(text="x", tests=tests, language="python"), analysis())


@pytest.mark.parametrize(
    ("tests", "owned", "argv"),
    [
        ({"test_s.py": "from solution import f"}, ["solution.py"], ("python3", "-m", "pytest", "-q")),
        ({"checks.py": "from solution import f"}, ["solution.py"], ("python3", "-m", "pytest", "-q", "checks.py")),
        ({"s.test.mjs": "import { f } from './solution.mjs'"}, ["solution.mjs"], ("node", "--test", "s.test.mjs")),
        (
            {"s.test.js": "import { f } from './solution.js'"},
            ["solution.js", "package.json"],
            ("node", "--test", "s.test.js"),
        ),
        ({"s_test.go": "package stack"}, ["solution.go", "go.mod"], ("go", "test", "./...")),
        (
            {"s.test.ts": "import { f } from './solution'"},
            ["solution.ts", "package.json"],
            ("node", "--import", "tsx", "--test", "s.test.ts"),
        ),
    ],
)
def test_single_function_plan(tests: dict[str, str], owned: list[str], argv: tuple[str, ...]) -> None:
    plan = single_function_plan(Request(text="x", tests=tests), analysis(), generator="model:local:m")
    assert plan is not None
    assert check_plan(plan) == []
    assert [f.path for f in plan.files_of("code")] == owned
    assert [f.path for f in plan.files_of("user-tests")] == sorted(tests)
    assert plan.task("user-tests").kind == "test"
    assert plan.task("user-tests").depends_on == ()
    assert plan.task("code").depends_on == ("user-tests",)
    command = plan.contract.command("test")
    assert command is not None
    assert command.argv == argv
    assert plan.generator == "model:local:m"


def test_what_is_no_single_function() -> None:
    one = {"test_s.py": "from solution import f"}
    two = {"test_s.py": "from solution import f\nfrom other import g"}
    book = Entity(name="Book", plural="books", fields=())
    assert single_function_plan(Request(text="x"), analysis()) is None
    assert single_function_plan(Request(text="x", tests=two), analysis()) is None
    assert single_function_plan(Request(text="x", tests=one), analysis("rest_api")) is None
    assert single_function_plan(Request(text="x", tests=one), analysis("library", entities=[book])) is None
    assert single_function_plan(Request(text="x", tests=one, language="go"), analysis()) is None

from __future__ import annotations

from typing import get_args

import pytest

from qlp.agents.fallback_plan import fallback_plan
from qlp.agents.plan_check import check_plan
from qlp.models import LANGUAGES, Analysis, Language, Plan, ProjectKind, ProjectSpec, Request

pytestmark = pytest.mark.unit


def base(kind: ProjectKind = "rest_api", language: Language = "python", tests: dict[str, str] | None = None) -> Plan:
    spec = ProjectSpec(name="json", kind=kind, language=language, summary="s")
    return fallback_plan(Request(text="x", tests=tests or {}), Analysis(spec=spec))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(ProjectKind))
def test_the_fallback_plan_is_always_valid(kind: ProjectKind, language: Language) -> None:
    plan = base(kind, language)
    assert check_plan(plan) == []
    assert {t.kind for t in plan.tasks} == {"code", "test", "docs"}
    assert (plan.contract.port is not None) == (kind == "rest_api")


def test_the_fallback_plan_serves_the_users_tests() -> None:
    plan = base("library", tests={"test_a.py": "from shop.cart import Cart\nimport shop.tax", "README.md": "theirs"})
    assert check_plan(plan) == []
    assert [f.path for f in plan.files_of("code")] == ["shop/cart.py", "shop/tax.py", "requirements.txt"]
    assert [t.id for t in plan.tasks] == ["user-tests", "code"]
    assert [(n.file, n.name, n.kind) for n in plan.contract.names] == [("shop/cart.py", "Cart", "class")]


def test_a_module_never_hides_the_standard_library() -> None:
    assert base("library").files_of("code")[0].path == "project_json.py"


def edited(**changes: object) -> Plan:
    """The fallback plan of a service with parts of its JSON replaced."""
    data = base().model_dump()
    contract = data["contract"]
    for key, value in changes.items():
        if key in data:
            data[key] = value(data[key]) if callable(value) else value
        else:
            contract[key] = value(contract[key]) if callable(value) else value
    return Plan.model_validate(data)


def file(path: str, task: str = "code") -> dict[str, str]:
    return {"path": path, "task": task}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tasks": lambda t: [*t, t[0]]}, "used 2 times"),
        ({"tasks": lambda t: [{**t[0], "depends_on": ["docs"]}, *t[1:]]}, "in a circle"),
        ({"tasks": lambda t: [{**t[0], "depends_on": ["code"]}, *t[1:]]}, "in a circle"),
        ({"tasks": lambda t: [{**t[0], "depends_on": ["ghost"]}, *t[1:]]}, "'ghost', which does not exist"),
        ({"tasks": lambda t: [t[0], {**t[1], "depends_on": []}, t[2]]}, "cannot see what it tests"),
        ({"tasks": lambda t: [{**t[0], "id": "../x"}, *t[1:]]}, "not kebab-case"),
        ({"tasks": lambda t: t[1:]}, "no code task"),
        ({"tasks": lambda t: [t[0], t[2]]}, "no test task"),
        ({"files": lambda f: [*f, file("app.py", "test")]}, "2 owners"),
        ({"files": lambda f: [*f, file("App.py")]}, "only by case"),
        ({"files": lambda f: [*f, file("app.py/x.py")]}, "both a file and a folder"),
        ({"files": lambda f: [*f, file("../x.py")]}, "not a plain relative path"),
        ({"files": lambda f: [*f, file("./x.py")]}, "not a plain relative path"),
        ({"files": lambda f: [*f, file("x.py", "ghost")]}, "'ghost', which does not exist"),
        ({"files": lambda f: [x for x in f if x["task"] != "docs"]}, "task docs owns no file"),
        ({"files": lambda f: [*f, *(file(f"f{i}.py") for i in range(200))]}, "at most 200"),
        ({"files": lambda f: [x for x in f if x["path"] != "requirements.txt"]}, "no requirements.txt"),
        ({"names": [{"file": "ghost.py", "name": "f"}]}, "not a file of the project"),
        ({"commands": lambda c: [x for x in c if x["purpose"] != "test"]}, "no test command"),
        ({"commands": lambda c: [x for x in c if x["purpose"] != "start"]}, "no start command"),
        ({"commands": lambda c: [*c, c[0]]}, "2 install commands"),
        ({"commands": lambda c: [*c, {"purpose": "run", "argv": []}]}, "run command is empty"),
        ({"port": None}, "needs a port"),
        ({"kind": "cli", "port": None, "routes": []}, "no run command"),
        ({"routes": [{"method": "GET", "path": "books"}]}, "does not start with /"),
    ],
)
def test_each_rule_is_told(changes: dict[str, object], problem: str) -> None:
    problems = check_plan(edited(**changes))
    assert any(problem in p for p in problems), problems

"""Which sandbox does what, for built-in, added and foreign profiles; and how parts become a stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from qlp.models import STAGES, Finding, Stage
from qlp.sandbox.profiles import AddedProfile, record_path
from qlp.validation import Policy, Project, Skip, load_policy
from qlp.validation.argv import chunks
from qlp.validation.budget import Budget
from qlp.validation.check import Toolchain
from qlp.validation.groups import make_groups
from qlp.validation.parts import Part, merge
from qlp.validation.policy import StagePolicy
from tests.support.fake_tools import FILES, check, contract, toolchain

pytestmark = pytest.mark.unit

MAIN = toolchain("main", "python", {"syntax": (check("p"),), "tests": (check("t"),)}, main=True)
SAME = toolchain("same", "python", {"style": (check("s"),)})
SCAN = toolchain("scan", "analysis", {"security": (check("x"),)})


def profiles(asked: str | None, *every: Toolchain) -> dict[str, tuple[bool, list[str], tuple[Stage, ...]]]:
    made = make_groups(Project(FILES, contract(profile=asked)), every[0], every, STAGES)
    return {g.profile: (g.main, [p.toolchain.name for p in g.planned], g.later) for g in made.groups}


def test_one_group_a_profile_and_the_main_one_first() -> None:
    assert profiles(None, MAIN, SCAN, SAME) == {
        "python": (True, ["main", "same"], ("tests", "runtime")),
        "analysis": (False, ["scan"], ()),
    }


def test_a_profile_made_from_the_languages_own_does_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QLP_HOME", str(tmp_path))
    record = AddedProfile(name="mine", kind="python", base="python", source="requirements.txt", digest="d")
    record_path("mine").parent.mkdir(parents=True)
    record_path("mine").write_text(record.model_dump_json())
    assert profiles("mine", MAIN, SCAN, SAME) == {
        "mine": (True, ["main", "same"], ("tests", "runtime")),
        "analysis": (False, ["scan"], ()),
    }


def test_in_a_foreign_image_only_the_projects_own_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QLP_HOME", str(tmp_path))
    assert profiles("foreign", MAIN, SCAN) == {
        "foreign": (True, [], ("tests", "runtime")),
        "python": (False, ["main"], ()),
        "analysis": (False, ["scan"], ()),
    }


def test_without_anything_to_run_no_sandbox_is_needed() -> None:
    lazy = toolchain("main", "python", {"types": Skip("declares none", applicable=False)}, main=True)
    made = make_groups(Project(FILES, contract()), lazy, (lazy,), ("types",))
    assert [g.works for g in made.groups] == [False]


DEVELOPMENT = load_policy("development")


def part(name: str = "a", *, main: bool = False, **more: object) -> Part:
    return Part("syntax", name, main, **more)  # type: ignore[arg-type]


def finding(severity: str) -> Finding:
    return Finding.model_validate({"rule": "r", "severity": severity, "message": "m"})


@pytest.mark.parametrize(
    ("parts", "status", "applicable"),
    [
        ((), "skipped", False),
        ((part(main=True, skip=Skip("no")),), "skipped", True),
        ((part(main=True, skip=Skip("no", applicable=False)),), "skipped", False),
        ((part(skip=Skip("a side language's excuse")),), "skipped", False),
        ((part(main=True, skip=Skip("no")), part("b")), "passed", True),
        ((part(main=True, broken="b"), part("b")), "errored", True),
        ((part(main=True, broken="b"), part("b", findings=(finding("high"),))), "failed", True),
        ((part(findings=(finding("low"),)),), "passed", True),
        ((part(unavailable="no image"),), "skipped", True),
        ((part(main=True), part("b", unavailable="no image")), "passed", True),
        ((part(main=True, blocked="not run: x"),), "failed", True),
    ],
)
def test_a_stage_is_the_worst_of_its_parts(parts: tuple[Part, ...], status: str, applicable: bool) -> None:
    result = merge("syntax", parts, DEVELOPMENT)
    assert (result.status, result.applicable) == (status, applicable)
    assert result.reason or status in ("passed", "failed")


def test_counts_of_several_toolchains_add_up() -> None:
    result = merge("syntax", (part(facts={"files": 2, "x": "a"}), part("b", facts={"files": 3, "x": "b"})), DEVELOPMENT)
    assert result.facts == {"files": 5, "x": "b"}


def test_lists_of_paths_are_cut_by_their_bytes() -> None:
    assert list(chunks((), 10)) == []
    assert list(chunks(("aaaa", "bbbb", "cc"), 10)) == [("aaaa", "bbbb"), ("cc",)]
    assert list(chunks(("\u00e4" * 20, "b"), 10)) == [("\u00e4" * 20,), ("b",)]


def test_a_stages_budget_is_its_own_and_never_more_than_the_whole() -> None:
    now = [0.0]
    policy = Policy(name="p", wall_s=10, cpu_s=5, stages={"tests": StagePolicy(wall_s=4)})
    budget = Budget(policy, lambda: now[0])
    tests = budget.stage("tests")
    now[0] = 100.0
    assert (budget.left(), tests.left()) == (10, 4)
    budget.begin()
    tests.begin()
    now[0] = 103.0
    assert (budget.left(), tests.left(), tests.used_up()) == (7, 1, "")
    now[0] = 104.5
    assert "stage tests, 4 s" in tests.used_up()
    syntax = budget.stage("syntax")
    assert syntax.left() == 5.5
    now[0] = 111.0
    assert "of 10 s" in syntax.used_up()
    thrifty = Budget(policy, lambda: 0.0)
    thrifty.spend(5.0)
    assert "5 processor seconds" in thrifty.used_up()

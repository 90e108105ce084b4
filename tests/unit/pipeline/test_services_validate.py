"""What the pipeline asks of validation: the request's policy, candidates from the cache, the last word always fresh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qlp.config import Settings
from qlp.models import ProjectCommand
from qlp.pipeline.services import Services
from qlp.validation import mutation, open_verdict_cache, validator
from qlp.validation.depth import Depth
from tests.support.fake_tools import FILES, ToolBackend, check, contract, toolchain

pytestmark = pytest.mark.unit

TEST = ProjectCommand(purpose="test", argv=("test",))
MAIN = toolchain("main", "one", {"syntax": (check("p"),), "security": (check("s"),), "tests": (check("t"),)}, main=True)


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(validator, "toolchains", lambda: (MAIN,))
    monkeypatch.setattr(validator, "main_toolchain", lambda language: MAIN)
    settings = Settings(home=tmp_path)
    unused: Any = None
    return Services(
        settings=settings,
        sandbox=ToolBackend(),
        models=unused,
        stack=unused,
        capsules=unused,
        signer=unused,
        ledger=unused,
        events=unused,
        outcomes=unused,
        verdicts=open_verdict_cache(settings),
    )


async def test_candidates_are_answered_again_within_their_run_and_the_last_word_is_fresh(services: Services) -> None:
    asked = contract(TEST)
    assert (await services.validate(FILES, asked, scope="run 1")).cached_at is None
    assert (await services.validate(FILES, asked, scope="run 1")).cached_at is not None
    assert (await services.validate(FILES, asked, scope="run 2")).cached_at is None
    assert (await services.validate(FILES, asked)).cached_at is None
    assert (await services.validate(FILES, asked)).cached_at is None


async def test_the_policy_is_the_requests_and_mutants_are_tried_once(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    async def sample(*args: Any, count: int, **options: Any) -> Depth:
        tried.append(count)
        return Depth({"mutants_tried": 4, "mutants_killed": 4})

    async def cover(*args: Any, **options: Any) -> Depth:
        return Depth({"coverage_percent": 90.0})

    monkeypatch.setattr(mutation, "sample_mutants", sample)
    monkeypatch.setattr("qlp.validation.coverage.measure_coverage", cover)
    candidate = await services.validate(FILES, contract(TEST), policy="critical", scope="run 1")
    assert (candidate.policy, tried) == ("critical@1", [])
    whole = await services.validate(FILES, contract(TEST), policy="critical")
    assert (whole.policy, tried) == ("critical@1", [40])
    assert (await services.validate(FILES, contract(TEST))).policy == "development@1"

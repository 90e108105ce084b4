from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from qlp.confidence.outcomes import OutcomeStore
from qlp.models import (
    Attempt,
    ContractFile,
    InterfaceContract,
    Plan,
    Request,
    SourceFile,
    StageResult,
    Task,
    TaskResult,
    Verdict,
)
from qlp.pipeline.choose import Choice
from qlp.pipeline.scoring import ScoredRun, score_run
from qlp.store.engine import Database, sqlite_url
from qlp.validation import load_policy

pytestmark = pytest.mark.unit

FILES = (SourceFile(path="f.py", content="def f(): ..."),)
PLAN = Plan(
    generator="model:m",
    tasks=(Task(id="code", kind="code", title="t"),),
    contract=InterfaceContract(
        project="p", kind="function", language="python", files=(ContractFile(path="f.py", task="code"),)
    ),
)


def result(signals: dict[str, float | None], *, samples: int = 1) -> TaskResult:
    attempt = Attempt(tier="t1", model="m", prompt="", outcome="accepted", samples=samples, passing=1)
    return TaskResult(task_id="code", files=FILES, attempts=(attempt,), signals=signals)


async def scored(
    home: Path, signals: dict[str, float | None], policy: str = "development", verified: bool = True
) -> tuple[ScoredRun, OutcomeStore]:
    status = "passed" if verified else "failed"
    verdict = Verdict(
        input_digest="sha256:0", stages=(StageResult(stage="tests", status=status),), verified=verified  # type: ignore[arg-type]
    )  # fmt: skip
    store = OutcomeStore(Database(sqlite_url(home)))
    services: Any = SimpleNamespace(
        settings=SimpleNamespace(home=home), outcomes=store, policy=lambda request: load_policy(policy)
    )

    async def step(name: str, returns: type, fn: Callable[[], Awaitable[Any]]) -> Any:
        return await fn()

    runtime: Any = SimpleNamespace(run_id="run_1", step=step)
    made = await score_run(
        runtime, services, Request(text="x"), PLAN, Choice(blueprint=None, match=None, reasons=()),
        {"code": result(signals)}, FILES, verdict, repair_rounds=0,
    )  # fmt: skip
    return made, store


GOOD: dict[str, float | None] = {"loads": 1.0, "examples_pass_fraction": 1.0, "agreement_other_models": 1.0}


async def test_what_was_probed_is_scored_and_an_outcome_can_be_told(tmp_path: Path) -> None:
    good, store = await scored(tmp_path, GOOD)
    recorded = await store.record_outcome("run_1", correct=True, source="user", tenant="local")
    assert (recorded.cell.kind, recorded.cell.generator, recorded.cell.language) == ("function", "model:m", "python")
    bad, _ = await scored(tmp_path, {**GOOD, "examples_pass_fraction": 0.0, "agreement_other_models": 0.0})
    assert bad.confidence.probability < good.confidence.probability - 0.2


async def test_the_same_confidence_is_decided_by_the_policy(tmp_path: Path) -> None:
    lenient, _ = await scored(tmp_path, GOOD)
    strict, _ = await scored(tmp_path, GOOD, "production")
    failed, _ = await scored(tmp_path, GOOD, verified=False)
    assert lenient.decided.decision == "accept"
    assert strict.decided.decision in ("ai_review", "human_review")
    assert failed.decided.decision == "reject"
    assert lenient.summary["because"] == lenient.decided.because


async def test_the_digest_of_the_model_is_in_every_confidence(tmp_path: Path) -> None:
    made, _ = await asyncio.wait_for(scored(tmp_path, {}), 30)
    assert made.confidence.model_digest.startswith("sha256:")
    assert made.confidence.generator == "model:m"

"""Provider, bare prompts and the single function plan with a model that really samples.

Its code is not run here: generated code runs in a sandbox only, which is the pipeline's test.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator

import pytest

from qlp.agents.planner import plan
from qlp.agents.tiers import attempt
from qlp.config import ModelSettings, Settings
from qlp.models import Analysis, ProjectSpec, Request
from qlp.pipeline.runtime import TaskInput
from qlp.providers.kinds import ModelProvider
from qlp.providers.protocol import ChatOptions, Message
from qlp.providers.registry import ProviderRegistry
from tests.support import grammar, testmodel

pytestmark = pytest.mark.model
ANALYSIS = Analysis(spec=ProjectSpec(name="function", kind="function", language="python", summary="s"))
TASKS = [grammar.sample(random.Random(seed), operations) for seed, operations in ((11, 1), (12, 2), (13, 3), (14, 4))]


@pytest.fixture(scope="module")
def settings() -> Iterator[ModelSettings]:
    try:
        with testmodel.serve() as url:
            yield ModelSettings(
                base_url=url,
                prompt_style="bare",
                n=8,
                temperature=0.8,
                max_tokens=200,
                timeout_s=60,
                extra_body={**testmodel.SAMPLING, "seed": 7},
            )
    except testmodel.NoTestModelError as error:
        pytest.skip(str(error))


async def model_of(settings: ModelSettings) -> ModelProvider:
    registry = ProviderRegistry(Settings(models=settings), environ={})
    (name,) = await registry.chain("t1")
    return await registry.provider(name)


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.description[:40])
async def test_a_single_function_is_planned_and_sampled(settings: ModelSettings, task: grammar.GrammarTask) -> None:
    model = await model_of(settings)
    request = Request(text=grammar.prompt(task), tests={"test_solution.py": grammar.tests(task)})
    made, calls = await plan(request, ANALYSIS, model, settings=settings, idempotency_key="plan")
    assert calls == ()
    assert [f.path for f in made.files_of("code")] == ["solution.py"]
    assert [n.name for n in made.contract.names] == ["f"]
    given = TaskInput(run_id="r", request=request, analysis=ANALYSIS, plan=made, task_id="code")
    candidates, record = await attempt(
        given, (), model, settings=settings, tier="t1", n=settings.n, idempotency_key="code"
    )
    await model.aclose()
    assert 1 <= len(candidates) <= 8
    assert len(set(candidates)) == len(candidates), "candidates repeat each other"
    assert all([f.path for f in files] == ["solution.py"] for files in candidates)
    assert any(defines_f(files[0].content) for files in candidates)
    assert record.model == "local:testmodel"
    assert record.usage.input_tokens > 0
    assert record.usage.cost_usd == 0


def defines_f(source: str) -> bool:
    """Whether a sample is the function asked for; a model that samples may also write what no parser takes."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    return any(isinstance(node, ast.FunctionDef) and node.name == "f" for node in tree.body)


async def ask(settings: ModelSettings, *, seed: int, temperature: float, n: int = 8) -> tuple[str, ...]:
    model = await model_of(settings)
    options = ChatOptions(n=n, temperature=temperature, max_tokens=200, extra_body={**testmodel.SAMPLING, "seed": seed})
    message = Message(role="user", content=grammar.prompt(TASKS[3]))
    answer = await model.complete((message,), options, idempotency_key="k")
    await model.aclose()
    assert not any(answer.cut)
    return answer.texts


async def test_samples_differ(settings: ModelSettings) -> None:
    assert len(set(await ask(settings, seed=1, temperature=1.0))) >= 3


async def test_a_seed_fixes_a_sample_and_another_one_moves_it(settings: ModelSettings) -> None:
    first = await ask(settings, seed=5, temperature=1.0, n=1)
    assert first == await ask(settings, seed=5, temperature=1.0, n=1)
    others = {(await ask(settings, seed=seed, temperature=1.0, n=1))[0] for seed in range(6, 14)}
    assert len(others) > 1


async def test_temperature_zero_is_greedy(settings: ModelSettings) -> None:
    assert len(set(await ask(settings, seed=1, temperature=0.0, n=4))) == 1


async def test_a_token_limit_is_reported_as_a_cut(settings: ModelSettings) -> None:
    model = await model_of(settings)
    message = Message(role="user", content=grammar.prompt(TASKS[3]))
    answer = await model.complete((message,), ChatOptions(max_tokens=5), idempotency_key="k")
    await model.aclose()
    assert answer.cut == (True,)

"""A model that really samples, and is really wrong sometimes, through the pipeline: execution picks what is right."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from qlp.config import ModelSettings
from qlp.errors import GenerationError
from qlp.models import Request
from tests.support import grammar
from tests.support.platform import Platform, settings_for
from tests.support.testmodel import SAMPLING, NoTestModelError, serve

pytestmark = [pytest.mark.model, pytest.mark.docker]

SAMPLES = 8


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    try:
        with serve() as address:
            yield address
    except NoTestModelError as error:
        pytest.skip(str(error))


TASKS = [grammar.sample(random.Random(seed), 1 + seed % 3) for seed in (21, 22, 23, 24)]


async def test_best_of_n_by_execution_beats_one_shot(url: str, tmp_path: Path) -> None:
    solved = {}
    for n in (1, SAMPLES):
        models = ModelSettings(
            base_url=url,
            prompt_style="bare",
            n=n,
            temperature=0.8,
            max_tokens=160,
            max_attempts=1,
            extra_body={**SAMPLING, "seed": 7},  # the same draws every time: a lucky one shot is no news
        )
        platform = await Platform.open(settings_for(tmp_path / str(n), models=models))
        solved[n] = 0
        for task in TASKS:
            request = Request(text=grammar.prompt(task), tests={"test_solution.py": grammar.tests(task)}, tier="t1")
            try:
                _, outcome = await platform.run(request)
            except GenerationError:
                continue
            assert outcome.verified, "what is accepted passed the tests, so the project is verified"
            assert outcome.usage.output_tokens > 0
            solved[n] += 1
    assert solved[SAMPLES] >= solved[1]
    assert solved[SAMPLES] >= 2

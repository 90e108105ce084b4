"""Every blueprint through the whole pipeline: generated, built, started, tested and asked in a real sandbox.

With one request each; `QLP_BLUEPRINTS=all` takes all of them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qlp.capsule import Trust, check_capsule, verify_capsule
from qlp.config import RunSettings
from qlp.errors import ContradictionError, NoGeneratorError
from qlp.models import InterfaceContract, Request, SourceFile, Verdict
from qlp.pipeline.admit import admit
from qlp.pipeline.analyse import analyse
from qlp.pipeline.choose import choose_blueprint, choose_model
from tests.support.platform import Platform, settings_for
from tests.support.requests import REFUSED, REQUESTS

CASES = [
    pytest.param(name, text, id=f"{name}-{i + 1}") for name, texts in REQUESTS.items() for i, text in enumerate(texts)
]

WHOLE = [c for c in CASES if os.environ.get("QLP_BLUEPRINTS") == "all" or str(c.id).endswith("-1")]


@pytest.mark.unit
@pytest.mark.parametrize(("blueprint", "text"), CASES)
def test_the_right_blueprint_is_chosen(blueprint: str, text: str) -> None:
    request = Request(text=text)
    choice = choose_blueprint(request, analyse(request), RunSettings())
    assert choice is not None
    assert choice.blueprint is not None
    assert choice.blueprint.split("@")[0] == blueprint


@pytest.mark.unit
@pytest.mark.parametrize("text", REFUSED)
def test_what_no_blueprint_serves_is_refused_with_the_nearest(text: str) -> None:
    request = Request(text=text)
    analysis = analyse(request)
    assert choose_blueprint(request, analysis, RunSettings()) is None
    with pytest.raises(NoGeneratorError) as caught:
        choose_model(request, analysis, RunSettings(), model=None)
    assert len(caught.value.extra["nearest"]) == 3  # type: ignore[arg-type]


@pytest.mark.unit
@pytest.mark.parametrize(
    "text",
    [
        "A REST API for books with title, written in Python, and it must be written in Go only",
        "Write a function that solves the halting problem",
    ],
)
def test_contradictions_and_the_impossible_are_named(text: str) -> None:
    request = admit(Request(text=text), RunSettings())
    with pytest.raises(ContradictionError):
        choose_blueprint(request, analyse(request), RunSettings())


@pytest.mark.docker
@pytest.mark.parametrize(("blueprint", "text"), WHOLE)
async def test_it_is_verified_and_its_capsule_too(tmp_path: Path, blueprint: str, text: str) -> None:
    platform = await Platform.open(settings_for(tmp_path))
    _, outcome = await platform.run(Request(text=text))
    told = [(s.stage, s.status, s.reason, s.findings) for s in outcome.stages]
    assert outcome.verified, told
    assert outcome.generator.startswith(f"blueprint:{blueprint}@")
    assert {s.stage for s in outcome.stages if s.status == "skipped"} <= {"security", "types"}, told

    trust = Trust.load(platform.settings.home / "keys")
    path = platform.capsule(outcome)
    if text != REQUESTS[blueprint][0]:
        assert check_capsule(path, trust=trust).authentic
        return

    async def validate(files: tuple[SourceFile, ...], contract: InterfaceContract) -> Verdict:
        return await platform.services.validate(files, contract)

    report = await verify_capsule(path, validate, trust=trust)
    assert report.verified, report.problems

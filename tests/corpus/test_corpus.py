"""A correct program of each language passes all its stages; a faulty one fails in the stage that it should.

CI runs every twelfth fault; `QLP_CORPUS=all` runs each. `QLP_CORPUS_LANGUAGE=rust` runs one language.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from qlp.config import SandboxSettings, home
from qlp.errors import SandboxUnavailableError
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import SandboxBackend
from qlp.validation import infer_contract, validate_project
from tests.corpus import reader

pytestmark = pytest.mark.docker

_ONLY = os.environ.get("QLP_CORPUS_LANGUAGE", "")
_STEP = 1 if os.environ.get("QLP_CORPUS") == "all" else 12
_SMALL = {"perl", "lua", "kotlin"}
"""Not of the first class: a few faults each show that their tools are called and read."""
_BY_TREE = {"kotlin"}
"""Known by their syntax tree alone: there is no linter, type checker or test runner, and the verdict says so."""
LANGUAGES = [name for name in reader.languages() if _ONLY in ("", name)]


@pytest.fixture(scope="module")
async def backend() -> AsyncIterator[SandboxBackend]:
    try:
        yield await open_backend(SandboxSettings(backend="docker"), home())
    except SandboxUnavailableError as error:
        pytest.skip(error.detail)


@pytest.mark.parametrize("language", [n for n in LANGUAGES if n not in _BY_TREE])
async def test_the_correct_program_passes_every_stage_that_it_can_have(backend: SandboxBackend, language: str) -> None:
    files = reader.good(language)
    verdict = await validate_project(files, infer_contract(files), backend)
    assert {
        s.stage: (s.status, s.reason, s.findings) for s in verdict.stages if s.status != "passed" and s.applicable
    } == {}
    assert verdict.verified


@pytest.mark.parametrize("language", [n for n in LANGUAGES if n in _BY_TREE])
async def test_a_language_known_by_its_tree_alone_parses_and_is_not_verified(
    backend: SandboxBackend, language: str
) -> None:
    files = reader.good(language)
    verdict = await validate_project(files, infer_contract(files), backend)
    syntax = verdict.stage("syntax")
    assert syntax is not None
    assert (syntax.status, syntax.findings) == ("passed", ())
    assert not verdict.verified


@pytest.mark.parametrize("language", [n for n in LANGUAGES if n not in _SMALL])
def test_there_are_twenty_faults_in_at_least_three_stages(language: str) -> None:
    faults = reader.faults(language)
    assert len(faults) >= 20
    assert len({f.stage for f in faults}) >= 3


@pytest.mark.parametrize(
    ("language", "fault"),
    [pytest.param(n, f, id=f"{n}-{f.id}") for n in LANGUAGES for f in reader.faults(n)[::_STEP]],
)
async def test_the_faulty_program_fails_in_its_stage(
    backend: SandboxBackend, language: str, fault: reader.Fault
) -> None:
    files = reader.faulty(language, fault)
    contract = infer_contract(reader.good(language))
    stages = dict.fromkeys(("syntax", fault.stage))
    verdict = await validate_project(files, contract, backend, stages=stages)
    failed = verdict.stage(fault.stage)
    assert failed is not None
    assert failed.status == "failed", failed
    if fault.stage != "syntax":
        assert not any(f.rule == "blocked" for f in failed.findings), "an earlier stage stopped it"
    if fault.rule:
        assert fault.rule in {f.rule for f in failed.findings}

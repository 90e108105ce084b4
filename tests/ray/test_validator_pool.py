"""Validator actors: bounded work, a bounded queue, the least loaded first, cancellation down to the tool."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import ray

from actors.sandbox_client import ManagerClient
from actors.sandbox_manager import manager_handles, start_managers
from actors.validation import ValidateJob
from actors.validator_client import ValidatorClient
from actors.validator_pool import start_validators, validator_names
from qlp.config import SandboxSettings, Settings, ValidationSettings
from qlp.errors import InputError, OverloadedError, ValidatorUnavailableError
from qlp.models import StageResult

pytestmark = pytest.mark.ray
NAMESPACE = "validator-tests"


class Pool:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.client = ValidatorClient(NAMESPACE)
        validation = ValidationSettings(actors=2, concurrency=1, queue=1, cache_mb=0)
        sandbox = SandboxSettings(concurrency=8, queue=64, sessions=8, warm={})
        self.settings = Settings(home=home, sandbox=sandbox, validation=validation)

    async def start(self) -> None:
        start_managers(self.settings, namespace=NAMESPACE, opener="tests.ray.fake_tools:open_tools")
        self.actors = start_validators(self.settings, namespace=NAMESPACE, detached=False)
        await ManagerClient(NAMESPACE).status(timeout_s=60)
        async with asyncio.timeout(60):
            await asyncio.gather(*(asyncio.wrap_future(a.stats.remote().future()) for a in self.actors))

    def end(self) -> None:
        for handle in (*self.actors, *manager_handles(NAMESPACE)):
            ray.kill(handle)

    async def until_working(self, count: int, *, waiting: int = 0) -> None:
        end = time.monotonic() + 60
        while True:
            stats = (await self.client.stats()).values()
            if (sum(s.working for s in stats), sum(s.waiting for s in stats)) == (count, waiting):
                return
            assert time.monotonic() < end, stats
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def pool(ray_cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pool]:
    there = Pool(tmp_path_factory.mktemp("validator-home"))
    await there.start()
    yield there
    there.end()


def job(**script: object) -> ValidateJob:
    """A program for the fake sandbox: every tool that is given it does what it says."""
    return ValidateJob(files={"main.py": json.dumps(script)}, language="python", stages=("syntax",))


async def test_progress_comes_stage_by_stage_and_the_answer_is_the_same(pool: Pool) -> None:
    told: list[StageResult] = []

    async def listen(stage: StageResult) -> None:
        told.append(stage)

    heard = await pool.client.validate(job(), "a", listen)
    assert [s.stage for s in told] == ["syntax"]
    plain = await pool.client.validate(job(), "a")
    assert plain.input_digest == heard.input_digest
    assert not plain.verified, "a sandbox that runs nothing verifies nothing"
    assert (await pool.client.validate(job(), "a", report="sarif")).report


async def test_errors_keep_their_class(pool: Pool) -> None:
    with pytest.raises(InputError):
        await pool.client.validate(ValidateJob(files={"../x.py": ""}))
    with pytest.raises(InputError, match="no such policy"):
        await pool.client.validate(job().model_copy(update={"policy": "nothing"}))


async def test_work_spreads_and_what_is_too_much_is_refused_then_cancelled_down_to_the_tool(
    pool: Pool, tmp_path: Path
) -> None:
    notes = [tmp_path / f"note{n}" for n in range(4)]
    works = [asyncio.create_task(pool.client.validate(job(sleep=60, note=str(note)), "a")) for note in notes[:2]]
    await pool.until_working(2)
    assert {s.working for s in (await pool.client.stats()).values()} == {1}, "one at each"
    works += [asyncio.create_task(pool.client.validate(job(sleep=60, note=str(note)), "a")) for note in notes[2:]]
    await pool.until_working(2, waiting=2)
    with pytest.raises(OverloadedError) as refused:
        await pool.client.validate(job(), "a")
    assert 1 <= refused.value.extra["retry_after_s"] <= 120  # type: ignore[operator]
    for work in reversed(works):
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    await pool.until_working(0)
    end = time.monotonic() + 30
    while not all(note.exists() for note in notes[:2]):
        assert time.monotonic() < end, "the tools were not cancelled"
        await asyncio.sleep(0.05)
    assert not any(note.exists() for note in notes[2:]), "what only waited never began"
    assert (await pool.client.validate(job(), "a")).input_digest


async def test_many_at_once_wait_their_turn_when_they_come_again(pool: Pool) -> None:
    async def patient(n: int) -> str:
        while True:
            try:
                return (await pool.client.validate(job(n=n), "a")).input_digest
            except OverloadedError:
                await asyncio.sleep(0.1)

    digests = await asyncio.gather(*(patient(n) for n in range(24)))
    assert len(set(digests)) == 24
    await pool.until_working(0)


async def test_a_killed_validator_comes_back(pool: Pool) -> None:
    before = {s.pid for s in (await pool.client.stats()).values()}
    os.kill(next(iter(before)), signal.SIGKILL)
    end = time.monotonic() + 60
    while True:
        try:
            after = {s.pid for s in (await pool.client.stats()).values()}
            if len(after) == 2 and after != before:
                break
        except ValidatorUnavailableError:
            pass
        assert time.monotonic() < end
        await asyncio.sleep(0.2)
    assert (await pool.client.validate(job(), "a")).input_digest


async def test_without_validators_the_answer_says_what_to_do() -> None:
    with pytest.raises(ValidatorUnavailableError, match="start_head"):
        await ValidatorClient("no-such-namespace").validate(job())


def test_the_pool_is_small_and_follows_the_cores() -> None:
    def count(cores: float) -> int:
        return len(validator_names(Settings(), cores=cores))

    assert [count(c) for c in (1, 2, 4, 8, 64)] == [1, 1, 1, 2, 4]

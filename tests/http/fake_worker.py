"""A worker in this process: ends each run as the test says, with a capsule that is real and old."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from qlp.models import Confidence, Outcome, Problem, StageSummary, Usage
from qlp.store import Database, RunStore

CAPSULE = Path(__file__).parents[1] / "unit" / "capsule" / "data" / "capsule-v1.zip"
EXECUTOR = "fake-1"


def outcome(*, verified: bool = True) -> Outcome:
    return Outcome(
        verified=verified,
        decision="accept" if verified else "human_review",
        decided_because="the tests ran and passed" if verified else "nothing was run",
        stages=(StageSummary(stage="tests", status="passed" if verified else "skipped"),),
        confidence=Confidence(probability=0.9, label="uncalibrated", formula="fake@1", contributions=()),
        usage=Usage(calls=2, input_tokens=11, output_tokens=7),
        capsule=CAPSULE.name,
        capsule_digest="sha256:0",
        generator="fake",
        timings={},
    )


class FakeWorkers:
    """Implements `actors.client.Workers`. `end` None leaves runs working."""

    def __init__(self, end: Outcome | Problem | None) -> None:
        self.end = end
        self.began: asyncio.Queue[str] = asyncio.Queue()
        self.stopped: asyncio.Queue[str] = asyncio.Queue()
        self._runs: RunStore | None = None

    def use(self, database: Database, home: Path) -> None:
        self._runs = RunStore(database)
        (home / "capsules").mkdir(exist_ok=True)
        shutil.copy(CAPSULE, home / "capsules" / CAPSULE.name)

    async def wake(self, run_id: str) -> None:
        assert self._runs is not None
        await self._runs.claim(EXECUTOR, live=(EXECUTOR,), only=run_id)
        if isinstance(self.end, Outcome):
            await self._runs.finish(run_id, outcome=self.end)
        elif self.end is not None:
            await self._runs.finish(run_id, problem=self.end)
        self.began.put_nowait(run_id)

    async def stop(self, run_id: str) -> None:
        self.stopped.put_nowait(run_id)

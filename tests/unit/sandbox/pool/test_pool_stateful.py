"""Whatever happens in whatever order: tenants stay apart, bounds hold, nobody waits for ever, nothing is left."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from contextlib import suppress

import pytest

from qlp.errors import OverloadedError, QLPError, SandboxUnavailableError
from qlp.sandbox.protocol import Command, Job, JobResult, OutputListener
from qlp.sandbox.work import Done
from tests.support.fake_backend import FakeBackend, FakeSandbox, ended
from tests.support.pooled import pooled, work

pytestmark = pytest.mark.unit

STEPS = 150
KINDS = {"job": 6, "end": 6, "cancel": 1, "kill": 1, "break": 1, "mend": 2, "hold": 1, "let": 2, "wait": 1}
"""What may happen, and how often."""
ENDS = ("ok", "ok", "ok", "ok", "oom", "die", "not-begun", "check")


class Script:
    """As `answer`: jobs end as the steps say; who met whom is written down."""

    def __init__(self) -> None:
        self.open: list[tuple[FakeSandbox, asyncio.Future[str]]] = []
        self.served: dict[int, list[str]] = defaultdict(list)

    async def __call__(self, sandbox: FakeSandbox, job: Job, listen: OutputListener) -> JobResult:
        self.served[sandbox.number].append(job.commands[0].argv[1])
        assert sandbox.working == 1, "one job at a time"
        turn: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.open.append((sandbox, turn))
        try:
            how = await turn
        finally:
            self.open.remove((sandbox, turn))
        if how == "die":
            sandbox.die()
            raise SandboxUnavailableError("it died")
        if how == "not-begun":
            sandbox.die()
            self.served[sandbox.number].pop()
            raise SandboxUnavailableError("it died at once", started=False)
        if how == "check":
            sandbox.dead = "check"
        return JobResult(results=(ended(137 if how == "oom" else 0, oom=how == "oom"),))


@pytest.mark.parametrize("seed", range(25))
async def test_in_any_order(seed: int) -> None:
    """A failure repeats: everything that is drawn comes from the seed."""
    await asyncio.wait_for(_play(random.Random(seed)), 30)


async def _play(dice: random.Random) -> None:
    backend = FakeBackend()
    backend.answer = script = Script()
    jobs: list[asyncio.Task[Done]] = []
    async with pooled(backend, concurrency=2, queue=3, keep=3, warm={"python": 1}, max_jobs=4) as there:
        for what in dice.choices(list(KINDS), list(KINDS.values()), k=STEPS):
            if what == "job":
                tenant, mode = dice.choice("abc"), dice.choice(("shared-tenant", "shared-tenant", "strict"))
                job = Job(commands=(Command(argv=("job", f"{tenant}:{mode}")),))
                jobs.append(asyncio.create_task(there.pool.run(work(tenant, mode=mode, job=job))))
            elif what == "end" and script.open:
                turn = dice.choice(script.open)[1]
                if not turn.done():
                    turn.set_result(dice.choice(ENDS))
            elif what == "cancel" and jobs:
                dice.choice(jobs[-4:]).cancel()
            elif what == "kill" and backend.open_now:
                dice.choice(backend.open_now).die()
            elif what in ("break", "mend"):
                backend.fail = SandboxUnavailableError("no engine") if what == "break" else None
            elif what in ("hold", "let"):
                (backend.gate.set if what == "let" else backend.gate.clear)()
            elif what == "wait":
                there.clock.now += dice.choice((1, 40, 400))
            for _ in range(dice.choice((0, 1, 5, 20))):  # sometimes nothing happens between two steps, sometimes much
                await asyncio.sleep(0)
            stats = there.pool.stats()
            assert stats.busy <= 2
            assert stats.waiting <= 3
            assert backend.working <= 2 + sum(job.cancelling() > 0 for job in jobs)
        # From here on everything works: whoever still waits is served.
        backend.fail = None
        backend.gate.set()
        while not all(job.done() for job in jobs):
            for _, turn in script.open:
                if not turn.done():
                    turn.set_result("ok")
            there.clock.now += 5
            await asyncio.sleep(0.001)
        for job in jobs:
            with suppress(asyncio.CancelledError, QLPError, OverloadedError):
                assert job.result().result.results
        stats = there.pool.stats()
        assert (stats.busy, stats.waiting) == (0, 0)
    for number, served in script.served.items():
        assert len({told.partition(":")[0] for told in served}) <= 1, f"sandbox {number} met {served}"
        if any(told.endswith(":strict") for told in served):
            assert len(served) == 1, f"a strict job shared sandbox {number}: {served}"

import asyncio
import gc

import pytest

from qlp.errors import SandboxUnavailableError
from qlp.sandbox.reaper import Reaper

pytestmark = pytest.mark.unit


class Backend:
    def __init__(self) -> None:
        self.rounds = 0
        self.seen = asyncio.Event()
        self.reaper = Reaper(self.reap, every_s=0.01)

    async def reap(self) -> int:
        self.rounds += 1
        if self.rounds >= 3:
            self.seen.set()
        if self.rounds == 1:
            raise SandboxUnavailableError("the engine is away")
        return 1


def rounds() -> list[asyncio.Task[object]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "sandbox-reaper"]


async def test_it_goes_round_although_one_round_failed_and_ends_with_its_backend() -> None:
    backend = Backend()
    backend.reaper.start()
    backend.reaper.start()
    assert len(rounds()) == 1
    await asyncio.wait_for(backend.seen.wait(), 10)
    await backend.reaper.close()
    assert rounds() == []


async def test_a_backend_that_was_forgotten_is_not_kept_alive_by_it() -> None:
    backend = Backend()
    backend.reaper.start()
    await asyncio.sleep(0)
    del backend
    gc.collect()
    for _ in range(100):
        if not rounds():
            return
        await asyncio.sleep(0.05)
    assert rounds() == []

"""What a run that pauses does with the calls that it has out."""

from __future__ import annotations

import asyncio

import pytest

from actors.scope import RunScope

pytestmark = pytest.mark.unit


class StoppedError(Exception):
    pass


async def test_paid_work_ends_before_the_run_settles_down_and_none_begins() -> None:
    scope = RunScope("r")
    gate, begun = asyncio.Event(), []

    async def call(name: str) -> str:
        begun.append(name)
        await gate.wait()
        return name

    first = asyncio.ensure_future(scope.paid(call("first")))
    await asyncio.sleep(0)
    settling = asyncio.ensure_future(scope.settle_down())
    await asyncio.sleep(0)
    late = asyncio.ensure_future(scope.paid(call("late")))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not settling.done()
    gate.set()
    assert await first == "first"
    await settling
    assert begun == ["first"]
    scope.stop(StoppedError())
    with pytest.raises(StoppedError):
        await late


async def test_other_work_does_not_hold_a_pause_up() -> None:
    scope = RunScope("r")
    other = asyncio.ensure_future(scope.guard(asyncio.sleep(600)))
    await asyncio.sleep(0)
    await scope.settle_down()
    scope.stop(StoppedError())
    with pytest.raises(StoppedError):
        await other


async def test_a_stop_ends_the_wait_for_paid_work() -> None:
    scope = RunScope("r")
    call = asyncio.ensure_future(scope.paid(asyncio.sleep(600)))
    await asyncio.sleep(0)
    settling = asyncio.ensure_future(scope.settle_down())
    await asyncio.sleep(0)
    scope.stop(StoppedError())
    await settling
    with pytest.raises(StoppedError):
        await call

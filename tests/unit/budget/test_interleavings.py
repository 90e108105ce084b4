"""No order of the ledger's steps overshoots a budget: all orders of three calls, and random longer histories.

A step is one transaction. The provider of these tests charges at will: what it charged never exceeds what the budgets
count, and what they count never exceeds the cap under which the last call was let in.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from sqlalchemy.pool import StaticPool

from qlp.budget import BudgetStore, Call, Ledger, Reservation, Spender
from qlp.config import BudgetSettings, Caps
from qlp.errors import BudgetExceededError
from qlp.models import Usage
from qlp.store.engine import Database

pytestmark = pytest.mark.unit

WORST = Decimal(4)


class InMemory(Database):
    """The same transactions without a disk; one connection, so one step at a time."""

    def __init__(self) -> None:
        self.url = sa.make_url("sqlite://")
        self.engine = sa.create_engine(self.url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        self._sqlite = True

    async def read(self, fn: Any) -> Any:
        return self.read_now(fn)

    async def write(self, fn: Any) -> Any:
        return self.write_now(fn)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 23, 50, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def in_memory() -> Iterator[InMemory]:
    database = InMemory()
    try:
        yield database
    finally:
        database.close()


def now(step: Any) -> Any:
    """Run a coroutine that never waits."""
    try:
        step.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the step waited")


def _first_comes_first(order: tuple[int, ...]) -> bool:
    return sorted(range(3), key=order.index) == [0, 1, 2]


ENDS = ("settle", "release", "crash")


@pytest.mark.parametrize("ends", list(itertools.product(ENDS, repeat=3)), ids="-".join)
def test_all_orders_of_three_calls(ends: tuple[str, ...]) -> None:
    """Two of three fit. Each call reserves, is charged between 0 and its worst case, and ends in one of three ways."""
    orders = {order for order in itertools.permutations([0, 0, 1, 1, 2, 2]) if _first_comes_first(order)}
    assert len(orders) == 15  # the other 75 are the same with the callers' names exchanged
    with in_memory() as database:
        clock = Clock()
        ledger = Ledger(database, BudgetSettings(tenant=Caps(total=Decimal(10_000))), clock)
        for number, order in enumerate(sorted(orders)):
            cap, charged = 2 * WORST, Decimal(0)
            held: dict[int, Reservation] = {}
            for who in order:
                call = Call(run_id=f"r{number}", key=str(who), attempt="1", model="m", spender=Spender(tenant="t"))
                if who not in held:
                    try:
                        held[who] = now(ledger.reserve(call, WORST, cap=cap))
                    except BudgetExceededError:
                        continue
                elif ends[who] == "settle":
                    charged += who
                    now(ledger.settle(held[who], Usage(calls=1, cost_usd=Decimal(who))))
                elif ends[who] == "release":
                    now(ledger.release(held[who]))
                else:  # the process dies; the provider charges all that it can
                    charged += WORST
                    clock.now += timedelta(hours=1)
                    now(ledger.expire())
                spent = now(ledger.spent(f"r{number}"))
                assert charged <= spent <= cap, (order, ends)
        assert now(ledger.drift()) == {}


class Money(RuleBasedStateMachine):
    """Callers, crashes, replays, raised and lowered caps, and time that passes, in any order."""

    out = Bundle("out")

    def __init__(self) -> None:
        super().__init__()
        self.database = InMemory()
        self.clock = Clock()
        self.caps = {"month": Decimal(20), "day": Decimal(12)}
        self.ledger = Ledger(self.database, BudgetSettings(key=Caps(total=Decimal(30))), self.clock)
        self.budgets = BudgetStore(self.database, clock=self.clock)
        for period, cap in self.caps.items():
            now(self.budgets.put("t", "tenant", "", period, cap))  # type: ignore[arg-type]
        self.number = 0
        self.charged: dict[str, Decimal] = {}
        """What the provider took, by month, day and key."""

    def teardown(self) -> None:
        assert now(self.ledger.drift()) == {}
        self.database.close()

    @rule(target=out, key=st.sampled_from("ab"), run=st.sampled_from("xy"), worst=st.integers(0, 9))
    def reserve(self, key: str, run: str, worst: int) -> tuple[Reservation, Decimal] | None:
        self.number += 1
        spender = Spender(tenant="t", api_key=key)
        call = Call(run_id=run, key=f"{self.number % 4}", attempt=str(self.number), model="m", spender=spender)
        before = self._held()
        try:
            reservation = now(self.ledger.reserve(call, Decimal(worst), cap=Decimal(15)))
        except BudgetExceededError:
            assert self._held() == before
            return None
        assert now(self.ledger.reserve(call, Decimal(worst), cap=Decimal(15))) == reservation  # sent twice
        held = self._held()
        month, day = f"{self.clock.now:%Y-%m}", f"{self.clock.now:%Y-%m-%d}"
        if worst:  # what costs nothing goes also when a cap was lowered below what is held
            assert held[("tenant", "", month)] <= self.caps["month"]
            assert held[("tenant", "", day)] <= self.caps["day"]
        assert held[("key", key, "total")] <= 30
        assert held[("run", run, "total")] <= 15
        return reservation, Decimal(worst)

    @rule(open_=consumes(out), share=st.integers(0, 4), again=st.booleans())
    def answer(self, open_: tuple[Reservation, Decimal] | None, share: int, again: bool) -> None:
        if open_ is not None:
            cost = open_[1] * share / 4
            self._charge(open_[0], cost)
            for _ in range(1 + again):
                now(self.ledger.settle(open_[0], Usage(calls=1, cost_usd=cost)))

    @rule(open_=consumes(out))
    def refused(self, open_: tuple[Reservation, Decimal] | None) -> None:
        if open_ is not None:
            now(self.ledger.release(open_[0]))

    @rule(open_=consumes(out))
    def killed(self, open_: tuple[Reservation, Decimal] | None) -> None:
        if open_ is not None:
            self._charge(open_[0], open_[1])

    @rule(hours=st.sampled_from((0.05, 1, 30)))
    def later(self, hours: float) -> None:
        self.clock.now += timedelta(hours=hours)
        before = self._held()
        now(self.ledger.expire())
        assert self._held() == before

    @rule(period=st.sampled_from(("month", "day")), cap=st.integers(0, 25))
    def set_cap(self, period: Any, cap: int) -> None:
        self.caps[period] = Decimal(cap)
        now(self.budgets.put("t", "tenant", "", period, Decimal(cap)))

    @invariant()
    def the_provider_never_took_more_than_is_counted(self) -> None:
        held = self._held()
        for name, amount in self.charged.items():
            scope, subject, period = name.split("/")
            account = (scope, subject, period)
            assert account not in held or amount <= held[account]

    def _charge(self, reservation: Reservation, amount: Decimal) -> None:
        at, spender = reservation.at, reservation.call.spender
        for name in (
            f"tenant//{at:%Y-%m}",
            f"tenant//{at:%Y-%m-%d}",
            f"key/{spender.api_key}/total",
            f"run/{reservation.call.run_id}/total",
        ):
            self.charged[name] = self.charged.get(name, Decimal(0)) + amount

    def _held(self) -> dict[tuple[str, str, str], Decimal]:
        query = "SELECT scope, subject, period, held FROM balances"
        rows = self.database.read_now(lambda connection: connection.exec_driver_sql(query).all())
        return {(r.scope, r.subject, r.period): Decimal(r.held) / 10**9 for r in rows}


TestMoney = Money.TestCase
TestMoney.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


async def test_callers_of_one_process_take_turns(tmp_path: Any) -> None:
    """200 at once over a real file: exactly as many get through as fit."""
    from qlp.store.engine import sqlite_url

    database = Database(sqlite_url(tmp_path))
    ledger = Ledger(database)

    async def one(number: int) -> bool:
        call = Call(run_id="r", key=str(number), attempt="1", model="m", spender=Spender(tenant="t"))
        try:
            kept = await ledger.reserve(call, Decimal("0.07"), cap=Decimal(1))
        except BudgetExceededError:
            return False
        if number % 3 == 0:
            await ledger.settle(kept, Usage(calls=1, cost_usd=Decimal("0.07")))
        return True

    through = await asyncio.gather(*(one(n) for n in range(200)))
    assert sum(through) == 14
    assert await ledger.spent("r") == Decimal("0.98")
    assert await ledger.drift() == {}
    database.close()

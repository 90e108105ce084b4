"""The counting of requests and tokens: no window ever holds more than the limit, and waiting is in order."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.queues import Queue
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qlp.calls.windows import Grant, Limit, Need, Wait, Windows
from qlp.store.engine import Database, sqlite_url
from tests.support.call_processes import LIMIT, WINDOW_S, limited_callers

pytestmark = pytest.mark.unit
SCOPE = "s"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Counter:
    """Windows on a database in memory, under a clock that the test turns."""

    def __init__(self, *, window_s: float = 60.0, slots: int = 60) -> None:
        self.clock = Clock()
        self.database = Database("sqlite://")
        self.windows = Windows(self.database, window_s=window_s, slots=slots, clock=self.clock)

    def ask(self, limit: Limit, requests: int = 1, tokens: int = 0, ticket: int | None = None) -> Grant | Wait:
        need = Need(requests, tokens)
        return self.database.write_now(lambda c: self.windows.admit(c, SCOPE, limit, need, ticket=ticket))


STEPS = st.lists(
    st.tuples(st.floats(0, 25), st.integers(1, 3), st.integers(0, 60), st.floats(0, 1)), min_size=1, max_size=40
)


@settings(max_examples=30, deadline=None)
@given(steps=STEPS, rpm=st.integers(3, 9), tpm=st.integers(60, 200), slots=st.sampled_from([1, 7, 60]))
def test_no_window_holds_more_than_the_limit(
    steps: list[tuple[float, int, int, float]], rpm: int, tpm: int, slots: int
) -> None:
    counter = Counter(slots=slots)
    limit = Limit(requests=rpm, tokens=tpm)
    admitted: list[tuple[float, int, int]] = []
    for pause, requests, tokens, share in steps:
        counter.clock.now += pause
        answer = counter.ask(limit, requests, tokens)
        if isinstance(answer, Wait):
            assert answer.seconds > 0
            counter.clock.now += answer.seconds + 1e-6
            answer = counter.ask(limit, requests, tokens, answer.ticket)
        # Alone in line, a caller that waited as long as it was told is admitted.
        assert isinstance(answer, Grant)
        used = Need(requests, int(tokens * share))
        granted = answer
        counter.database.write_now(lambda c: counter.windows.settle(c, SCOPE, granted, used))  # noqa: B023
        admitted.append((answer.at, used.requests, used.tokens))
    for end, _, _ in admitted:
        inside = [(r, t) for at, r, t in admitted if end - 60 < at <= end]
        assert sum(r for r, _ in inside) <= rpm
        assert sum(t for _, t in inside) <= tpm
    counter.database.close()


def test_a_call_counts_for_a_whole_window_wherever_in_its_slot_it_began() -> None:
    counter, limit = Counter(slots=6), Limit(requests=1)
    counter.clock.now = 1_000_009.9
    assert isinstance(counter.ask(limit), Grant)
    counter.clock.now += 59.9
    answer = counter.ask(limit)
    assert isinstance(answer, Wait)
    counter.clock.now += 0.3
    assert isinstance(counter.ask(limit, ticket=answer.ticket), Grant)


def test_a_small_call_does_not_pass_a_large_one_that_waits() -> None:
    counter, limit = Counter(), Limit(tokens=100)
    assert isinstance(counter.ask(limit, tokens=60), Grant)
    large = counter.ask(limit, tokens=90)
    assert isinstance(large, Wait)
    small = counter.ask(limit, tokens=10)
    assert isinstance(small, Wait)
    assert small.ticket > large.ticket
    counter.clock.now += 1
    assert isinstance(counter.ask(limit, tokens=10, ticket=small.ticket), Wait)
    counter.clock.now += 60
    assert isinstance(counter.ask(limit, tokens=90, ticket=large.ticket), Grant)
    assert isinstance(counter.ask(limit, tokens=10, ticket=small.ticket), Grant)


def test_a_dead_waiter_holds_up_nobody() -> None:
    counter, limit = Counter(), Limit(requests=1)
    counter.ask(limit)
    assert isinstance(counter.ask(limit), Wait)  # its process dies here
    counter.clock.now += 61
    assert isinstance(counter.ask(limit), Grant)


def test_what_was_reserved_and_not_used_is_free_at_once() -> None:
    counter, limit = Counter(), Limit(tokens=100)
    first = counter.ask(limit, tokens=100)
    assert isinstance(first, Grant)
    assert isinstance(counter.ask(limit, tokens=50), Wait)
    counter.database.write_now(lambda c: counter.windows.settle(c, SCOPE, first, Need(1, 20)))
    counter.clock.now += 3.5  # the first waiter's lease is over
    assert isinstance(counter.ask(limit, tokens=80), Grant)


def test_more_used_than_reserved_slows_the_next_down() -> None:
    counter, limit = Counter(), Limit(tokens=100)
    first = counter.ask(limit, tokens=10)
    assert isinstance(first, Grant)
    counter.database.write_now(lambda c: counter.windows.settle(c, SCOPE, first, Need(1, 100)))
    assert isinstance(counter.ask(limit, tokens=1), Wait)


def test_a_block_stops_everybody_and_a_shorter_one_does_not_end_it() -> None:
    counter, limit = Counter(), Limit(requests=10)
    for seconds in (20.0, 5.0):
        counter.database.write_now(lambda c: counter.windows.block(c, SCOPE, seconds))  # noqa: B023
    counter.clock.now += 19
    answer = counter.ask(limit)
    assert isinstance(answer, Wait)
    assert answer.seconds == pytest.approx(1)
    counter.clock.now += 1.5
    assert isinstance(counter.ask(limit, ticket=answer.ticket), Grant)


def test_the_estimate_of_a_wait_counts_those_before() -> None:
    counter, limit = Counter(), Limit(requests=1)
    counter.ask(limit)
    waits = [counter.ask(limit) for _ in range(3)]
    seconds = [w.seconds for w in waits if isinstance(w, Wait)]
    assert seconds == pytest.approx([61, 121, 181])


def test_a_clock_that_was_set_back_blocks_nobody_for_hours() -> None:
    counter, limit = Counter(), Limit(requests=1)
    counter.ask(limit)
    counter.clock.now -= 7200
    assert isinstance(counter.ask(limit), Grant)


def test_rows_are_bounded_by_the_slots() -> None:
    counter, limit = Counter(), Limit(requests=100_000)
    for _ in range(200):
        counter.clock.now += 0.7
        assert isinstance(counter.ask(limit), Grant)
    with counter.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM rate_limits").scalar()
    assert rows is not None
    assert rows <= 62


def test_callers_of_two_processes_together_keep_the_limit(tmp_path: Path) -> None:
    """As fast as they can, for several windows: no span of a window's length holds more than the limit."""
    url = os.environ.get("QLP_TEST_POSTGRES_URL") or sqlite_url(tmp_path)
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    out: Queue[list[float]] = context.Queue()
    workers = [context.Process(target=limited_callers, args=(str(url), 1.6, start, out)) for _ in range(2)]
    for worker in workers:
        worker.start()
    each = [out.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(30)
    at = sorted(t for admitted in each for t in admitted)
    assert all(each), "both processes took part"
    assert len(at) > LIMIT
    for i, end in enumerate(at):
        assert sum(end - WINDOW_S < t <= end for t in at[: i + 1]) <= LIMIT

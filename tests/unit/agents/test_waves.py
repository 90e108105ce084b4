from __future__ import annotations

import pytest

from qlp.agents.consensus import Row, groups
from qlp.agents.waves import lead_confidence, split, waves

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("total", range(1, 40))
@pytest.mark.parametrize("first", [1, 3])
def test_waves_add_up_and_grow(total: int, first: int) -> None:
    sizes = waves(total, first)
    assert sum(sizes) == total
    assert all(size > 0 for size in sizes)
    assert sizes[0] == min(first, total)
    assert list(sizes[:-1]) == sorted(sizes[:-1])


def test_everybody_is_asked_before_anybody_is_asked_twice() -> None:
    assert split(3, 3, 0) == (1, 1, 1)
    assert split(2, 3, 3) == (1, 1, 0)
    assert split(2, 3, 5) == (1, 0, 1)


def test_a_lead_is_the_surer_the_larger_it_is() -> None:
    assert lead_confidence([]) == 0
    assert lead_confidence([1]) == 0.75
    assert lead_confidence([3, 3]) == pytest.approx(0.5)
    assert lead_confidence([4, 1]) == pytest.approx(1 - 7 / 64)
    assert lead_confidence([1, 4]) == lead_confidence([4, 1])
    assert lead_confidence([4]) > lead_confidence([4, 1]) > lead_confidence([4, 2])


def row(*passed: str, votes: int = 1) -> Row:
    return Row(passed=frozenset(passed), votes=votes)


def test_a_group_weighs_its_candidates_times_its_tests() -> None:
    ranked = groups([row("a", "b", "c"), row("a"), row("a"), row("a", "b", votes=2)])
    assert [g.members for g in ranked] == [(3,), (0,), (1, 2)]
    assert [g.weight for g in ranked] == [4, 3, 2]


def test_of_equal_weight_more_tests_win() -> None:
    assert groups([row("a"), row("a"), row("a", "b")])[0].members == (2,)


def test_passing_nothing_is_no_agreement() -> None:
    lead = groups([row(), row(), row()])[0]
    assert (lead.weight, lead.tests) == (0, 0)

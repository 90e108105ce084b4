import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import PriorityQueue

PRIORITIES = st.integers(0, 5)


@given(st.lists(PRIORITIES))
def test_items_come_in_stable_order_of_priority(priorities: list[int]) -> None:
    queue = PriorityQueue[int]()
    for arrival, priority in enumerate(priorities):
        queue.push(-arrival, priority)  # the order of the items must not matter
    assert len(queue) == len(priorities)
    expected = sorted(range(len(priorities)), key=priorities.__getitem__)
    assert [-queue.pop() for _ in priorities] == expected


@given(st.lists(st.one_of(st.none(), PRIORITIES)))
def test_random_use_agrees_with_a_sorted_list(operations: list[int | None]) -> None:
    queue, model = PriorityQueue[int](), list[tuple[int, int]]()
    for arrival, operation in enumerate(operations):
        if operation is not None:
            queue.push(arrival, operation)
            model = sorted([*model, (operation, arrival)])
        elif model:
            assert queue.peek() == model[0][1]
            assert queue.pop() == model.pop(0)[1]
        assert len(queue) == len(model)


def test_empty_queue() -> None:
    queue = PriorityQueue[str]()
    with pytest.raises(IndexError, match="empty"):
        queue.pop()
    with pytest.raises(IndexError, match="empty"):
        queue.peek()

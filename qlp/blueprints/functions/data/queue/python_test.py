import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import Queue


@given(st.lists(st.integers()))
def test_items_come_back_in_the_same_order(items: list[int]) -> None:
    queue = Queue[int]()
    for item in items:
        queue.enqueue(item)
    assert len(queue) == len(items)
    assert [queue.dequeue() for _ in items] == items
    assert len(queue) == 0


@given(st.lists(st.one_of(st.none(), st.integers())))
def test_random_use_agrees_with_a_list(operations: list[int | None]) -> None:
    queue, model = Queue[int](), list[int]()
    for operation in operations:
        if operation is not None:
            queue.enqueue(operation)
            model.append(operation)
        elif model:
            assert queue.peek() == model[0]
            assert queue.dequeue() == model.pop(0)
        assert len(queue) == len(model)


def test_empty_queue() -> None:
    queue = Queue[int]()
    with pytest.raises(IndexError, match="empty"):
        queue.dequeue()
    with pytest.raises(IndexError, match="empty"):
        queue.peek()

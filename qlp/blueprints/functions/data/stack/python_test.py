import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import Stack


@given(st.lists(st.integers()))
def test_items_come_back_in_reverse_order(items: list[int]) -> None:
    stack = Stack[int]()
    for item in items:
        stack.push(item)
    assert len(stack) == len(items)
    assert [stack.pop() for _ in items] == items[::-1]
    assert len(stack) == 0


@given(st.lists(st.one_of(st.none(), st.integers())))
def test_random_use_agrees_with_a_list(operations: list[int | None]) -> None:
    stack, model = Stack[int](), list[int]()
    for operation in operations:
        if operation is not None:
            stack.push(operation)
            model.append(operation)
        elif model:
            assert stack.peek() == model[-1]
            assert stack.pop() == model.pop()
        assert len(stack) == len(model)


def test_empty_stack() -> None:
    stack = Stack[int]()
    with pytest.raises(IndexError, match="empty"):
        stack.pop()
    with pytest.raises(IndexError, match="empty"):
        stack.peek()

from hypothesis import given
from hypothesis import strategies as st

from functions import LinkedList

OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["prepend", "append", "remove", "reverse"]), st.integers(0, 4))
)


@given(st.lists(st.integers()))
def test_keeps_the_order(values: list[int]) -> None:
    assert list(LinkedList(values)) == values


@given(OPERATIONS)
def test_random_use_agrees_with_a_list(operations: list[tuple[str, int]]) -> None:
    linked, model = LinkedList[int](), list[int]()
    for operation, value in operations:
        if operation == "prepend":
            linked.prepend(value)
            model.insert(0, value)
        elif operation == "append":
            linked.append(value)
            model.append(value)
        elif operation == "remove":
            assert linked.remove(value) == (value in model)
            if value in model:
                model.remove(value)
        else:
            linked.reverse()
            model.reverse()
        assert list(linked) == model
        assert len(linked) == len(model)

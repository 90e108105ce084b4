from hypothesis import given
from hypothesis import strategies as st

from functions import BinarySearchTree

OPERATIONS = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), max_size=60)


@given(st.lists(st.integers()))
def test_keys_come_in_order_and_once(keys: list[int]) -> None:
    tree = BinarySearchTree[int]()
    for key in keys:
        tree.insert(key)
    assert list(tree) == sorted(set(keys))


@given(OPERATIONS)
def test_random_use_agrees_with_a_set(operations: list[tuple[bool, int]]) -> None:
    tree, model = BinarySearchTree[int](), set[int]()
    for inserting, key in operations:
        if inserting:
            assert tree.insert(key) == (key not in model)
            model.add(key)
        else:
            assert tree.remove(key) == (key in model)
            model.discard(key)
        assert list(tree) == sorted(model)
        assert len(tree) == len(model)
        assert all((k in tree) == (k in model) for k in range(-1, 14))

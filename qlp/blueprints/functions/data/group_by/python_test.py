from hypothesis import given
from hypothesis import strategies as st

from functions import group_by


def test_known_values() -> None:
    assert group_by(["ant", "bee", "lion"], len) == {3: ["ant", "bee"], 4: ["lion"]}


@given(st.lists(st.integers(), max_size=30), st.integers(1, 5))
def test_each_group_is_what_a_filter_would_give(items: list[int], modulus: int) -> None:
    groups = group_by(items, lambda item: item % modulus)
    assert list(groups) == list(dict.fromkeys(item % modulus for item in items))
    for key, group in groups.items():
        assert group == [item for item in items if item % modulus == key]

from hypothesis import given
from hypothesis import strategies as st

from functions import two_sum


def test_known_values() -> None:
    assert two_sum([2, 7, 11, 15], 9) == (0, 1)
    assert two_sum([3, 3], 6) == (0, 1)
    assert two_sum([3], 6) is None


@given(st.lists(st.integers(-9, 9), max_size=12), st.integers(-20, 20))
def test_agrees_with_trying_all_pairs(numbers: list[int], target: int) -> None:
    pairs = [
        (i, j) for j in range(len(numbers)) for i in range(j) if numbers[i] + numbers[j] == target
    ]
    assert two_sum(numbers, target) == (pairs[0] if pairs else None)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import hamming_distance


def test_known_values() -> None:
    assert hamming_distance("karolin", "kathrin") == 3
    assert hamming_distance("", "") == 0


@given(st.text("ab", max_size=20), st.sets(st.integers(0, 19)))
def test_counts_the_changed_places(text: str, places: set[int]) -> None:
    changed = [c.upper() if i in places else c for i, c in enumerate(text)]
    assert hamming_distance(text, "".join(changed)) == sum(i < len(text) for i in places)


@given(st.text(), st.text(min_size=1))
def test_lengths_must_be_equal(text: str, more: str) -> None:
    with pytest.raises(ValueError, match="equal length"):
        hamming_distance(text, text + more)

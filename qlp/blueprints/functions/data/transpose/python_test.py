import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import transpose

MATRICES = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(), min_size=width, max_size=width), min_size=1, max_size=5
    )
)


def test_known_values() -> None:
    assert transpose([[1, 2, 3], [4, 5, 6]]) == [[1, 4], [2, 5], [3, 6]]
    assert transpose([]) == []


@given(MATRICES)
def test_each_entry_moves_across_the_diagonal(matrix: list[list[int]]) -> None:
    result = transpose(matrix)
    assert len(result) == len(matrix[0])
    for i, row in enumerate(matrix):
        assert [column[i] for column in result] == row
    assert transpose(result) == matrix


def test_ragged_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="equal length"):
        transpose([[1, 2], [3]])

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import matrix_multiply

SIZES = st.integers(1, 4)


def matrices(rows: int, columns: int) -> st.SearchStrategy[list[list[int]]]:
    row = st.lists(st.integers(-9, 9), min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows)


def test_known_values() -> None:
    assert matrix_multiply([[1, 2], [3, 4]], [[5, 6], [7, 8]]) == [[19, 22], [43, 50]]


@given(SIZES, SIZES, SIZES, st.data())
def test_acts_on_vectors_one_after_the_other(n: int, k: int, m: int, data: st.DataObject) -> None:
    a, b = data.draw(matrices(n, k)), data.draw(matrices(k, m))
    vector = data.draw(matrices(m, 1))
    product = matrix_multiply(a, b)
    assert (len(product), len(product[0])) == (n, m)
    assert matrix_multiply(product, vector) == matrix_multiply(a, matrix_multiply(b, vector))


@given(SIZES, SIZES, st.data())
def test_identity_changes_nothing(n: int, m: int, data: st.DataObject) -> None:
    a = data.draw(matrices(n, m))
    identity = [[int(i == j) for j in range(m)] for i in range(m)]
    assert matrix_multiply(a, identity) == a


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        matrix_multiply([[1, 2]], [[1, 2]])
    with pytest.raises(ValueError, match="equal length"):
        matrix_multiply([[1, 2], [3]], [[1], [2]])
    with pytest.raises(ValueError, match="equal length"):
        matrix_multiply([], [[1]])

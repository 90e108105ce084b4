"""Matrix multiplication."""

from collections.abc import Sequence

Matrix = Sequence[Sequence[float]]


def matrix_multiply(left: Matrix, right: Matrix) -> list[list[float]]:
    """Return the product of an (n, k) and a (k, m) matrix; both need at least one row.

    Raises ValueError when the shapes do not fit or a matrix is ragged or empty.
    """
    for matrix in (left, right):
        if not matrix or len({len(row) for row in matrix}) > 1:
            raise ValueError("matrices need rows of equal length")
    if len(left[0]) != len(right):
        raise ValueError(f"shapes do not fit: {len(left[0])} columns, {len(right)} rows")
    columns = list(zip(*right, strict=True))
    return [
        [sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in left
    ]

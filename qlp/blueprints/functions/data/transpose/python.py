"""Transposition of matrices."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def transpose(matrix: Sequence[Sequence[T]]) -> list[list[T]]:
    """Return the matrix with rows and columns exchanged; [] for a matrix without rows.

    Raises ValueError when the rows differ in length.
    """
    if len({len(row) for row in matrix}) > 1:
        raise ValueError("rows must have equal length")
    return [list(column) for column in zip(*matrix, strict=True)]

"""Statistical mode."""

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def mode(values: Iterable[T]) -> list[T]:
    """Return the most frequent values in the order of first appearance; [] for no values."""
    counts = Counter(values)
    most = max(counts.values(), default=0)
    return [value for value, count in counts.items() if count == most]

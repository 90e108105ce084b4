"""Hamming distance."""


def hamming_distance(first: str, second: str) -> int:
    """Return the number of places at which two texts of equal length differ.

    Raises ValueError when the lengths differ.
    """
    if len(first) != len(second):
        raise ValueError("texts must have equal length")
    return sum(a != b for a, b in zip(first, second, strict=True))

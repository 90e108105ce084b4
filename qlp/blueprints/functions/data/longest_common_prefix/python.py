"""Longest common prefix."""

from collections.abc import Sequence


def longest_common_prefix(texts: Sequence[str]) -> str:
    """Return the longest text that every one of `texts` starts with; "" when there are none."""
    if not texts:
        return ""
    # The two extremes in sort order differ at least as early as any other pair.
    low, high = min(texts), max(texts)
    for index, character in enumerate(low):
        if character != high[index]:
            return low[:index]
    return low

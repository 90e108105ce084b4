"""Word frequencies."""

import re
from collections import Counter


def word_count(text: str) -> dict[str, int]:
    """Return how often each word occurs, in lower case and in the order of first appearance.

    A word is a run of letters, digits and inner apostrophes.
    """
    return dict(Counter(re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower())))


def count_words(text: str) -> int:
    """Return how many words the text has, counting repeated ones each time."""
    return sum(word_count(text).values())

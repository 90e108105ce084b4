"""Anagrams."""

from collections import Counter


def is_anagram(first: str, second: str) -> bool:
    """Return True if both texts use the same letters and digits equally often.

    Case, spaces and punctuation are ignored.
    """
    letters = [Counter(c for c in text.casefold() if c.isalnum()) for text in (first, second)]
    return letters[0] == letters[1]

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from functions import levenshtein

WORDS = st.text("abc", max_size=7)


def test_known_values() -> None:
    assert levenshtein("kitten", "sitting") == 3
    assert levenshtein("flaw", "lawn") == 2
    assert levenshtein("", "abc") == levenshtein("abc", "") == 3


@given(WORDS, WORDS)
def test_agrees_with_the_recursive_definition(first: str, second: str) -> None:
    @cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        if first[i - 1] == second[j - 1]:
            return distance(i - 1, j - 1)
        return 1 + min(distance(i - 1, j), distance(i, j - 1), distance(i - 1, j - 1))

    assert levenshtein(first, second) == distance(len(first), len(second))


@given(WORDS, WORDS, WORDS)
def test_is_a_metric(a: str, b: str, c: str) -> None:
    assert (levenshtein(a, b) == 0) == (a == b)
    assert levenshtein(a, b) == levenshtein(b, a)
    assert levenshtein(a, c) <= levenshtein(a, b) + levenshtein(b, c)

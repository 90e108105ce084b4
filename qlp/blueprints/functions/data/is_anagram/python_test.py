from hypothesis import given
from hypothesis import strategies as st

from functions import is_anagram

WORDS = st.text("abcdef", max_size=10)


def test_known_pairs() -> None:
    assert is_anagram("Listen", "Silent")
    assert is_anagram("Dormitory", "dirty room!")
    assert not is_anagram("aab", "abb")
    assert not is_anagram("ab", "abc")


@given(WORDS, st.randoms(use_true_random=False))
def test_every_shuffle_is_an_anagram(word: str, random: object) -> None:
    shuffled = list(word.upper())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert is_anagram(word, " ".join(shuffled))


@given(WORDS, WORDS)
def test_agrees_with_sorting(first: str, second: str) -> None:
    assert is_anagram(first, second) == (sorted(first) == sorted(second))


@given(WORDS)
def test_one_more_letter_is_none(word: str) -> None:
    assert not is_anagram(word, word + "x")

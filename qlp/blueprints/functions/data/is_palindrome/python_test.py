import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import is_palindrome

LETTERS = st.text("abcde", max_size=12)


@pytest.mark.parametrize("text", ["", "a", "Racecar", "A man, a plan, a canal: Panama!", "12 21"])
def test_palindromes(text: str) -> None:
    assert is_palindrome(text)


@pytest.mark.parametrize("text", ["ab", "Racecars", "12 31"])
def test_others(text: str) -> None:
    assert not is_palindrome(text)


@given(LETTERS, st.sampled_from(["", "x", " ", "?!"]))
def test_a_mirrored_text_is_a_palindrome(half: str, middle: str) -> None:
    assert is_palindrome(half + middle + half[::-1].upper())


@given(LETTERS, LETTERS)
def test_different_ends_are_none(left: str, right: str) -> None:
    assert not is_palindrome("x" + left + " - " + right + "y")

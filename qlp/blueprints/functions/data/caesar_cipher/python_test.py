import string

from hypothesis import given
from hypothesis import strategies as st

from functions import caesar_decode, caesar_encode

SHIFTS = st.integers(-100, 100)


def test_known_values() -> None:
    assert caesar_encode("Hello, Zoe!", 3) == "Khoor, Crh!"
    assert caesar_encode("abc", -1) == "zab"


@given(st.text(), SHIFTS)
def test_decoding_undoes_encoding(text: str, shift: int) -> None:
    assert caesar_decode(caesar_encode(text, shift), shift) == text


@given(st.text(), SHIFTS)
def test_agrees_with_a_translation_table(text: str, shift: int) -> None:
    lower, upper = string.ascii_lowercase, string.ascii_uppercase
    k = shift % 26
    table = str.maketrans(lower + upper, lower[k:] + lower[:k] + upper[k:] + upper[:k])
    assert caesar_encode(text, shift) == text.translate(table)

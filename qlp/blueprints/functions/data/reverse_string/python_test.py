from hypothesis import given
from hypothesis import strategies as st

from functions import reverse_string


def test_known_values() -> None:
    assert reverse_string("") == ""
    assert reverse_string("abc") == "cba"


@given(st.text())
def test_each_character_moves_to_the_mirrored_place(text: str) -> None:
    mirrored = reverse_string(text)
    assert len(mirrored) == len(text)
    assert all(mirrored[-1 - i] == character for i, character in enumerate(text))


@given(st.text(), st.text())
def test_reverse_of_a_concatenation(first: str, second: str) -> None:
    assert reverse_string(first + second) == reverse_string(second) + reverse_string(first)

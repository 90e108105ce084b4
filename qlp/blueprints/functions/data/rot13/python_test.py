import codecs

from hypothesis import given
from hypothesis import strategies as st

from functions import rot13


def test_known_value() -> None:
    assert rot13("Hello, World!") == "Uryyb, Jbeyq!"


@given(st.text())
def test_twice_is_the_identity(text: str) -> None:
    assert rot13(rot13(text)) == text


@given(st.text())
def test_agrees_with_the_standard_codec(text: str) -> None:
    assert rot13(text) == codecs.encode(text, "rot13")

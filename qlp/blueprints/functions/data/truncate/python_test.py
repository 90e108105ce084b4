import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import truncate


def test_known_values() -> None:
    assert truncate("Hello, World", 12) == "Hello, World"
    assert truncate("Hello, World", 11) == "Hello, W..."
    assert truncate("abcdef", 3, "*") == "ab*"


@given(st.text(), st.integers(3, 30))
def test_result_fits_and_begins_like_the_text(text: str, length: int) -> None:
    result = truncate(text, length)
    assert len(result) == min(len(text), length)
    if len(text) > length:
        assert result.endswith("...")
        assert text.startswith(result[:-3])
    else:
        assert result == text


@given(st.text(), st.integers(max_value=2))
def test_no_room_for_the_ellipsis(text: str, length: int) -> None:
    with pytest.raises(ValueError, match="too small"):
        truncate(text, length)

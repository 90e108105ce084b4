import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import from_roman, to_roman

VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def test_known_values() -> None:
    assert [to_roman(n) for n in (4, 9, 14, 1994, 3999)] == [
        "IV",
        "IX",
        "XIV",
        "MCMXCIV",
        "MMMCMXCIX",
    ]
    assert from_roman("mcmxciv") == 1994


@given(st.integers(1, 3999))
def test_value_by_the_subtraction_rule(number: int) -> None:
    values = [VALUES[symbol] for symbol in to_roman(number)]
    following = [*values[1:], 0]
    assert sum(-a if a < b else a for a, b in zip(values, following, strict=True)) == number


@given(st.integers(1, 3999))
def test_reading_undoes_writing(number: int) -> None:
    assert from_roman(to_roman(number)) == number


@pytest.mark.parametrize("numeral", ["", "IIII", "VV", "IC", "MMMM", "XIX ", "ABC", "IVI"])
def test_other_texts_are_refused(numeral: str) -> None:
    with pytest.raises(ValueError, match="Roman"):
        from_roman(numeral)


@pytest.mark.parametrize("number", [-1, 0, 4000])
def test_numbers_outside_the_range_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 3999"):
        to_roman(number)

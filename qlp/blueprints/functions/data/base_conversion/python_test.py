import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import from_base, to_base

BASES = st.integers(2, 36)


def test_known_values() -> None:
    assert to_base(0, 2) == "0"
    assert to_base(-255, 16) == "-ff"
    assert from_base("Zz", 36) == 1295


@given(st.integers())
def test_agrees_with_the_standard_formats(number: int) -> None:
    assert to_base(number, 2) == f"{number:b}"
    assert to_base(number, 8) == f"{number:o}"
    assert to_base(number, 16) == f"{number:x}"


@given(st.integers(), BASES)
def test_reading_undoes_writing(number: int, base: int) -> None:
    text = to_base(number, base)
    assert from_base(text, base) == number == int(text, base)


@pytest.mark.parametrize(("text", "base"), [("2", 2), ("", 10), ("-", 10), ("1-", 10), ("g", 16)])
def test_bad_digits_are_refused(text: str, base: int) -> None:
    with pytest.raises(ValueError, match="digit"):
        from_base(text, base)


@pytest.mark.parametrize("base", [-1, 0, 1, 37])
def test_bad_bases_are_refused(base: int) -> None:
    with pytest.raises(ValueError, match="from 2 to 36"):
        to_base(1, base)
    with pytest.raises(ValueError, match="from 2 to 36"):
        from_base("1", base)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import luhn

DIGITS = st.text("0123456789", min_size=1, max_size=24)


@pytest.mark.parametrize("number", ["79927398713", "4539 1488 0343 6467", "4111-1111-1111-1111"])
def test_valid_numbers(number: str) -> None:
    assert luhn(number)


@pytest.mark.parametrize("number", ["", "0", "79927398710", "4111 1111 1111 111x", "\u0661\u0668"])
def test_invalid_numbers(number: str) -> None:
    assert not luhn(number)


@given(DIGITS)
def test_exactly_one_check_digit_fits(payload: str) -> None:
    assert sum(luhn(payload + check) for check in "0123456789") == 1


@given(DIGITS, st.data())
def test_any_single_wrong_digit_is_noticed(payload: str, data: st.DataObject) -> None:
    number = next(payload + check for check in "0123456789" if luhn(payload + check))
    index = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from([d for d in "0123456789" if d != number[index]]))
    assert not luhn(number[:index] + wrong + number[index + 1 :])

import calendar

from hypothesis import given
from hypothesis import strategies as st

from functions import is_leap_year


def test_known_values() -> None:
    assert [y for y in (1900, 1999, 2000, 2024, 2025, 2100) if is_leap_year(y)] == [2000, 2024]


@given(st.integers(1, 9999))
def test_february_has_29_days(year: int) -> None:
    assert is_leap_year(year) == (calendar.monthrange(year, 2)[1] == 29)


@given(st.integers(-5000, 5000))
def test_400_years_have_97_leap_years(start: int) -> None:
    assert sum(is_leap_year(year) for year in range(start, start + 400)) == 97

"""Leap years of the Gregorian calendar."""


def is_leap_year(year: int) -> bool:
    """Return True if the year has a 29 February: every fourth, but of the centuries every fourth."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)

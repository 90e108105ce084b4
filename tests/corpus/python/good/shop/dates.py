"""Points in time know their zone."""

from datetime import UTC, datetime, timedelta


def due_date(ordered: datetime, days: int) -> datetime:
    """The end of the last day, in UTC."""
    day = ordered.astimezone(UTC) + timedelta(days=days)
    return day.replace(hour=23, minute=59, second=59, microsecond=0)


def is_overdue(due: datetime, now: datetime) -> bool:
    return now > due


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)

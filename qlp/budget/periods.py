"""The periods of a budget. Days and months are those of UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

Period = Literal["day", "month", "total"]
PERIODS: tuple[Period, ...] = get_args(Period)


def name_of(period: Period, at: datetime) -> str:
    """`2026-11-22`, `2026-11` or `total`: what an amount of that time counts towards."""
    at = at.astimezone(UTC)
    return {"day": f"{at:%Y-%m-%d}", "month": f"{at:%Y-%m}", "total": "total"}[period]


def bounds(period: Period, at: datetime) -> tuple[datetime, datetime] | None:
    """First moment, and first moment after it; None for `total`."""
    if period == "total":
        return None
    start = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return start, start + timedelta(days=1)
    start = start.replace(day=1)
    return start, (start + timedelta(days=32)).replace(day=1)

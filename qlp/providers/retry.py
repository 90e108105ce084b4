"""When a failed call is tried again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from qlp.models._base import Frozen


class RetryPolicy(Frozen):
    """Exponential back-off with full jitter (AWS Architecture Blog, 2015): uniform in [0, min(cap, base * 2**n)]."""

    attempts: int = 5
    """Requests in all, the first included."""
    base_s: float = 0.5
    cap_s: float = 8.0

    def delay(self, failed: int, retry_after_s: float | None, rng: random.Random) -> float:
        """Seconds to wait after the `failed`-th failure (counted from 1).

        A server's Retry-After is a lower bound; the jitter on top keeps clients from returning in step.
        """
        jitter = rng.uniform(0, min(self.cap_s, self.base_s * 2 ** (failed - 1)))
        return jitter if retry_after_s is None else retry_after_s + min(jitter, self.base_s)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds asked by `retry-after-ms` or `Retry-After` (RFC 9110 10.2.3: seconds or a date); None if absent.

    A date is compared with the server's own `Date` header when there is one, so that a skewed clock does no harm;
    what is negative, not finite or unreadable counts as absent.
    """
    millis = _number(headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        then = parsedate_to_datetime(value)
        base = parsedate_to_datetime(headers["date"]) if "date" in headers else now or datetime.now(UTC)
        wait = (then - base).total_seconds()
    except (ValueError, TypeError):
        return None
    return wait if wait >= 0 else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None

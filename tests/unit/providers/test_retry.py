from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from qlp.providers.retry import RetryPolicy, retry_after

pytestmark = pytest.mark.unit
NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:07 GMT"}, 7),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, None),
        # The server's clock is an hour ahead; only the distance between its own two dates counts.
        ({"retry-after": "Thu, 01 Jan 2026 13:00:05 GMT", "date": "Thu, 01 Jan 2026 13:00:00 GMT"}, 5),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_delay_grows_is_capped_and_jittered() -> None:
    policy, rng = RetryPolicy(base_s=1, cap_s=4), random.Random(0)
    for failed, ceiling in [(1, 1), (2, 2), (3, 4), (9, 4)]:
        delays = {policy.delay(failed, None, rng) for _ in range(200)}
        assert 0 <= min(delays) < max(delays) <= ceiling
        assert max(delays) > ceiling * 0.9


def test_retry_after_is_a_lower_bound() -> None:
    policy, rng = RetryPolicy(base_s=0.5), random.Random(0)
    assert all(7 <= policy.delay(1, 7, rng) <= 7.5 for _ in range(100))

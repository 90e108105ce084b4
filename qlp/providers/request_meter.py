"""How a provider's inner retries are told to whoever shares its rate limit.

A call is admitted once, before it starts; its retries happen inside the provider, where the limiter cannot see them.
`METER` is set around a call and travels with it into its tasks; without one nothing is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class RequestMeter(Protocol):
    async def limited(self, retry_after_s: float | None) -> None:
        """The server answered 429: every caller of this key is to slow down."""

    async def again(self, within_s: float) -> None:
        """Another request of the same call is about to be sent; returns when it may be.

        Raises ProviderRateLimitError when that is not within `within_s` seconds.
        """


METER: ContextVar[RequestMeter | None] = ContextVar("qlp_request_meter", default=None)


@contextmanager
def metered(meter: RequestMeter) -> Iterator[None]:
    token = METER.set(meter)
    try:
        yield
    finally:
        METER.reset(token)

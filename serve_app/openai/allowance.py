"""The requests and tokens a minute of a model that is passed through: the same count as that of every run."""

from __future__ import annotations

from dataclasses import dataclass

from qlp.calls.limiter import Bucket, RateLimiter
from qlp.calls.rate_limit import WAIT_SHARE, estimate
from qlp.calls.windows import Grant
from qlp.providers.openai.reply import read_usage
from serve_app.openai.body import ChatBody, contract_of


@dataclass(frozen=True)
class Allowance:
    """Of one model and key. A stream counts as estimated: nobody reads its usage."""

    limiter: RateLimiter
    bucket: Bucket
    max_tokens: int
    """Of an answer whose request names no limit."""
    timeout_s: float

    async def take(self, body: ChatBody) -> Grant | None:
        """Waits for its turn. Raises ProviderRateLimitError, InputError, StorageError."""
        messages, options = contract_of(body, max_tokens=self.max_tokens, timeout_s=self.timeout_s)
        wait_s = self.timeout_s * WAIT_SHARE
        return await self.limiter.acquire(self.bucket, requests=1, tokens=estimate(messages, options), wait_s=wait_s)

    async def used(self, grant: Grant | None, reported: object) -> None:
        """`reported`: the `usage` of the answer; without one the estimate stands."""
        counts = read_usage(reported)
        tokens = (counts["input_tokens"] or 0) + (counts["output_tokens"] or 0)
        if tokens:
            await self.limiter.settle(self.bucket, grant, requests=1, tokens=tokens)

    async def unsent(self, grant: Grant | None) -> None:
        """Nothing was asked: it counts for nothing."""
        await self.limiter.settle(self.bucket, grant, requests=0, tokens=0)

    async def refused(self, grant: Grant | None, status: int, retry_after: str | None) -> None:
        """No tokens were taken; a 429 stops all callers of the key for a while."""
        await self.limiter.settle(self.bucket, grant, requests=1, tokens=0)
        if status == 429:
            await self.limiter.block(self.bucket, _seconds(retry_after))


def _seconds(retry_after: str | None) -> float | None:
    text = (retry_after or "").strip()
    return float(text) if text.replace(".", "", 1).isdigit() and text.isascii() else None

from __future__ import annotations

from decimal import Decimal

from qlp.models._base import Frozen


class Usage(Frozen):
    """Tokens and cost of one or more model calls. `cost_usd` None: the price is unknown, never zero."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    """Part of the input that was read from the provider's prompt cache."""
    cache_write_tokens: int = 0
    """Part of the input that was written to it."""
    reasoning_tokens: int = 0
    """Part of the output that is not shown."""
    uncounted: int = 0
    """Calls whose tokens the server did not count, or not all of them."""
    gpu_seconds: float = 0.0
    """Of a self-hosted model: its share of the GPUs' time."""
    cost_usd: Decimal | None = Decimal(0)

    def __add__(self, other: Usage) -> Usage:
        unknown = self.cost_usd is None or other.cost_usd is None
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            uncounted=self.uncounted + other.uncounted,
            gpu_seconds=self.gpu_seconds + other.gpu_seconds,
            cost_usd=None if unknown else (self.cost_usd or Decimal(0)) + (other.cost_usd or Decimal(0)),
        )

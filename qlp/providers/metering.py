"""What the replies of one call add up to: tokens, and dollars where the price is known."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from decimal import Decimal

from qlp.errors import ProviderError
from qlp.models import Usage
from qlp.providers.endpoint import Endpoint
from qlp.providers.prices import Tokens, cost
from qlp.providers.reply import BAD_REPLY, CONTENT_POLICY, Reply


async def usage_of_replies(replies: Collection[Reply], model: str, endpoint: Endpoint) -> Usage:
    tokens = Tokens(
        input=sum(r.input_tokens or 0 for r in replies),
        output=sum(r.output_tokens or 0 for r in replies),
        cached=sum(r.cached_tokens for r in replies),
        cache_write=sum(r.cache_write_tokens for r in replies),
        reasoning=sum(r.reasoning_tokens for r in replies),
    )
    policy = endpoint.price
    uncounted = sum(r.input_tokens is None or r.output_tokens is None for r in replies)
    if policy == "table" and uncounted:
        policy = "unknown"  # without counts a table price cannot be applied
    # Loading the table takes a second, once: not on the event loop.
    dollars = await asyncio.to_thread(cost, model, tokens, base_url=endpoint.base_url, policy=policy)
    return Usage(
        calls=len(replies),
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cached_tokens=tokens.cached,
        cache_write_tokens=tokens.cache_write,
        reasoning_tokens=tokens.reasoning,
        uncounted=uncounted,
        cost_usd=dollars,
    )


async def billed(
    error: ProviderError, replies: Collection[Reply], model: str, endpoint: Endpoint, *, begun: bool = False
) -> ProviderError:
    """A failed turn may have cost money: its usage goes along as `extra["usage"]`, see `usage_of`.

    `begun`: a part of an answer came in, whose tokens nobody counted.
    """
    if replies:
        usage = await usage_of_replies(replies, model, endpoint)
        if begun and endpoint.price != "free":
            usage = usage.model_copy(update={"cost_usd": None, "uncounted": usage.uncounted + 1})
        error.extra["usage"] = usage.model_dump(mode="json")
    elif begun or (error.extra.get("reason") in (BAD_REPLY, CONTENT_POLICY) and "upstream_status" not in error.extra):
        free = endpoint.price == "free"
        error.extra["usage"] = Usage(calls=1, uncounted=1, cost_usd=Decimal(0) if free else None).model_dump(
            mode="json"
        )
    return error

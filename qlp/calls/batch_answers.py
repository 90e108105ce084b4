"""Out of one line of a batch's results: the completion, or the typed failure, with what it cost at the batch price."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

from qlp.calls.batch import BatchAnswer, BatchRequest, failure_of
from qlp.errors import ProviderError
from qlp.models import Usage
from qlp.providers.endpoint import Endpoint
from qlp.providers.prices import Tokens, cost
from qlp.providers.protocol import Completion
from qlp.providers.reply import Reply

Price = Callable[[Tokens], Decimal | None]
"""US dollars at the batch price, None if it is unknown. May take a second: called in a thread."""


def table_price(endpoint: Endpoint, model: str) -> Price:
    """The public table's batch price."""

    def price(tokens: Tokens) -> Decimal | None:
        return cost(model, tokens, base_url=endpoint.base_url, policy=endpoint.price, batch=True)

    return price


async def answer_of(request: BatchRequest, reply: Reply, *, name: str, price: Price) -> BatchAnswer:
    usage = await _usage(reply, price)
    if not reply.samples:
        empty = ProviderError(f"{name}: the reply has no text ({reply.why_empty})", reason=reply.reason)
        return BatchAnswer(id=request.id, failure=failure_of(empty, usage))
    samples = reply.samples[: request.options.n]
    logprobs = tuple(s.logprobs for s in samples)
    completion = Completion(
        texts=tuple(s.text for s in samples),
        cut=tuple(s.cut for s in samples),
        model=name,
        usage=usage,
        tool_calls=tuple(s.tool_calls for s in samples) if request.options.tools else (),
        logprobs=logprobs if request.options.logprobs is not None and any(logprobs) else (),
    )
    return BatchAnswer(id=request.id, completion=completion)


async def _usage(reply: Reply, price: Price) -> Usage:
    tokens = Tokens(
        input=reply.input_tokens or 0,
        output=reply.output_tokens or 0,
        cached=reply.cached_tokens,
        cache_write=reply.cache_write_tokens,
        reasoning=reply.reasoning_tokens,
    )
    counted = reply.input_tokens is not None and reply.output_tokens is not None
    return Usage(
        calls=1,
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cached_tokens=tokens.cached,
        cache_write_tokens=tokens.cache_write,
        reasoning_tokens=tokens.reasoning,
        cost_usd=await asyncio.to_thread(price, tokens) if counted else None,
    )

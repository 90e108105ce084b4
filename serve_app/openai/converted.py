"""A chat completion by a provider of another protocol (Anthropic, Bedrock, Azure), through our own contract."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import cast

from qlp.budget import GuardedProvider, Spender
from qlp.calls.layers import AnyProvider, CallLayers
from qlp.errors import ProviderError
from qlp.providers.kinds import ModelProvider
from qlp.providers.protocol import Completion, Delta, StreamingProvider
from serve_app.openai.answer import DONE, Shape, call_deltas, choices_of, finish_of, logprobs_block
from serve_app.openai.body import ChatBody, contract_of
from serve_app.openai.exchange import EVENTS, JSON, Asker, Exchange, one_piece
from serve_app.openai.toll import Toll


class Converted:
    """Implements `Answerer` for one model."""

    def __init__(
        self, provider: ModelProvider, toll: Toll, layers: CallLayers, *, timeout_s: float, max_tokens: int
    ) -> None:
        self._provider = provider
        self._toll = toll
        self._layers = layers
        self._timeout_s = timeout_s
        self._max_tokens = max_tokens

    async def open(self, body: ChatBody, asker: Asker) -> Exchange:
        messages, options = contract_of(body, max_tokens=self._max_tokens, timeout_s=self._timeout_s)
        key = asker.idempotency_key or asker.request_id
        guarded = await self._guarded(asker)
        shape = Shape(self._provider.name)
        if not body.stream:
            answer = await guarded.complete(messages, options, idempotency_key=key)
            whole = shape.whole(choices_of(answer), answer.usage)
            return Exchange(200, JSON, one_piece(json.dumps(whole, ensure_ascii=False).encode("utf-8", "replace")))
        deltas = cast(AsyncGenerator[Delta, None], guarded.stream(messages, options, idempotency_key=key))
        try:
            first = await anext(deltas)
        except StopAsyncIteration:
            raise ProviderError(f"{self._provider.name} ended its stream before it began", reason="bad_reply") from None
        except BaseException:
            await deltas.aclose()
            raise
        return Exchange(200, EVENTS, _chunks(shape, first, deltas, usage=body.wants_usage))

    async def _guarded(self, asker: Asker) -> StreamingProvider:
        price = await self._toll.price(self._provider.name, self._provider.endpoint)
        ledger = await self._toll.ledger()
        spender = Spender(tenant=asker.tenant, api_key=asker.key_id)

        def guard(limited: AnyProvider, _: ModelProvider) -> AnyProvider:
            return GuardedProvider(limited, price, ledger, f"chat_{asker.request_id}"[:64], None, spender)

        return cast(StreamingProvider, self._layers.around_model(self._provider, guard))


async def _chunks(
    shape: Shape, first: Delta, rest: AsyncGenerator[Delta, None], *, usage: bool
) -> AsyncGenerator[bytes, None]:
    begun: set[int] = set()
    async with contextlib.aclosing(rest):
        async for delta in _chained(first, rest):
            if delta.completion is not None:
                yield _last(shape, delta.completion, begun)
                if usage:
                    yield shape.usage(delta.completion.usage)
                yield DONE
                return
            role = {} if delta.sample in begun else {"role": "assistant"}
            begun.add(delta.sample)
            yield shape.delta({**role, "content": delta.text}, delta.sample)


def _last(shape: Shape, completion: Completion, begun: set[int]) -> bytes:
    """Tool calls and log-probabilities come with the end: no provider's stream promises them earlier."""
    parts = []
    for sample in range(len(completion.texts)):
        role = {} if sample in begun else {"role": "assistant", "content": ""}
        calls = completion.tool_calls[sample] if completion.tool_calls else ()
        if role or calls or completion.logprobs:
            said = {**role, **({"tool_calls": call_deltas(calls)} if calls else {})}
            probabilities = logprobs_block(completion.logprobs[sample]) if completion.logprobs else None
            choice = {"index": sample, "delta": said, "logprobs": probabilities, "finish_reason": None}
            parts.append(shape.chunk([choice]))
        parts.append(shape.delta({}, sample, finish_of(completion, sample)))
    return b"".join(parts)


async def _chained(first: Delta, rest: AsyncIterator[Delta]) -> AsyncIterator[Delta]:
    yield first
    async for delta in rest:
        yield delta

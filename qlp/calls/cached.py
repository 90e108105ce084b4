"""A provider that answers from the cache what it has answered before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

from qlp.calls.response_key import CacheMode, is_storable, key_of
from qlp.calls.response_store import ResponseStore
from qlp.errors import ProviderTimeoutError, QLPError
from qlp.models import Usage
from qlp.providers.protocol import ChatOptions, Completion, Delta, Message, Provider, StreamingProvider
from qlp.store.file_lease import FileLease

logger = logging.getLogger(__name__)
_POLL_S = 0.2
"""How often a process looks whether another one's answer has come."""


class CachedResponses:
    """Exact answers only: the same tenant, address, model, messages and options (`response_key.key_of`).

    A hit has `cached` = True and a usage of nothing: no call was made and no token paid for. Equal questions at the
    same time are asked once, in this process and among the processes of a node. What failed is not stored, and its
    failure is not shared: it may have been the first caller's budget. An answer is stored when it is whole.
    """

    def __init__(
        self,
        inner: Provider | StreamingProvider,
        store: ResponseStore,
        *,
        tenant: str,
        address: str,
        mode: CacheMode = "replay",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._inner = inner
        self._store = store
        self._tenant = tenant
        self._address = address
        self._mode: CacheMode = mode
        self._sleep = sleep

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """Raises what the inner provider raises; ProviderTimeoutError if another caller's answer does not come."""
        key = self._key(messages, options, idempotency_key)
        if key is None:
            return await self._inner.complete(messages, options, idempotency_key=idempotency_key)
        mine = False

        async def work(_: object) -> Completion:
            nonlocal mine
            mine = True
            return await self._ask(key, messages, options, idempotency_key)

        try:
            async with asyncio.timeout(options.timeout_s) as limit:
                answer = await self._store.flights.share(key, work)
        except TimeoutError:
            if not limit.expired():
                raise
            late = f"{self.name}: no answer to this question came within {options.timeout_s:g} s"
            raise ProviderTimeoutError(late) from None
        except QLPError:
            if mine:
                raise
            logger.info("%s: the call that would have answered this one failed", self.name)
            return await self._inner.complete(messages, options, idempotency_key=idempotency_key)
        return answer if mine else _free(answer)

    async def stream(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> AsyncGenerator[Delta, None]:
        """A stored answer comes in one piece a sample. Equal streams at the same time are not joined."""
        inner: StreamingProvider = self._inner  # type: ignore[assignment]
        key = self._key(messages, options, idempotency_key)
        found = await self._store.get(key) if key is not None else None
        if found is not None:
            for sample, text in enumerate(found.texts):
                if text:
                    yield Delta(sample=sample, text=text)
            yield Delta(completion=_free(found))
            return
        pieces = inner.stream(messages, options, idempotency_key=idempotency_key)
        try:
            async for piece in pieces:
                if key is not None and piece.completion is not None and is_storable(piece.completion, options):
                    await self._store.put(key, piece.completion)
                yield piece
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    def _key(self, messages: tuple[Message, ...], options: ChatOptions, idempotency_key: str) -> str | None:
        return key_of(
            messages,
            options,
            model=self.name,
            address=self._address,
            tenant=self._tenant,
            mode=self._mode,
            idempotency_key=idempotency_key,
        )

    async def _ask(
        self, key: str, messages: tuple[Message, ...], options: ChatOptions, idempotency_key: str
    ) -> Completion:
        """Look, and ask if nothing is there; one process of the node at a time."""
        lease: FileLease | None = None
        try:
            while lease is None:
                if (found := await self._store.get(key)) is not None:
                    return _free(found)
                try:
                    lease = self._store.take(key)
                except OSError as error:
                    logger.warning("equal calls of other processes cannot be noticed: %s", error)
                    break
                if lease is None:
                    await self._sleep(_POLL_S)
                elif (found := await self._store.get(key)) is not None:  # it came just before the lease was free
                    return _free(found)
            answer = await self._inner.complete(messages, options, idempotency_key=idempotency_key)
            if is_storable(answer, options):
                await self._store.put(key, answer)
            return answer
        finally:
            if lease is not None:
                lease.release()


def _free(answer: Completion) -> Completion:
    return answer.model_copy(update={"cached": True, "usage": Usage()})

"""Many requests at once through a provider's batch API: half the price, an answer within a day.

A batch belongs to the provider's side: it goes on when this process ends, and is found again by its id.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

from qlp.errors import InputError, ProviderError, ProviderTimeoutError, error_class
from qlp.models import Usage
from qlp.models._base import Frozen
from qlp.providers.protocol import ChatOptions, Completion, Message

logger = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BatchRequest(Frozen):
    """One call. `id` is 1 to 64 letters, digits, `_` or `-`, unique in its batch."""

    id: str
    messages: tuple[Message, ...]
    options: ChatOptions = ChatOptions()


class BatchFailure(Frozen):
    """Why one request of a batch has no answer; the rest may have theirs."""

    code: str
    """Of qlp/errors.py."""
    detail: str
    reason: str | None = None
    """As in ProviderError's extra."""
    usage: Usage = Usage()
    """What it cost all the same."""


class BatchAnswer(Frozen):
    """Exactly one of `completion` and `failure`."""

    id: str
    completion: Completion | None = None
    failure: BatchFailure | None = None

    def result(self) -> Completion:
        """The completion. Raises the failure as its typed error."""
        if self.completion is not None:
            return self.completion
        failure = self.failure or BatchFailure(code="provider_error", detail=f"{self.id} has no answer")
        usage = failure.usage.model_dump(mode="json")
        raise error_class(failure.code)(failure.detail, reason=failure.reason, usage=usage, batch_request=self.id)


class BatchState(Frozen):
    """`ended`: answers can be fetched, also partial ones of a batch that expired or was cancelled. `failed`: the
    provider refused the batch as a whole."""

    status: Literal["running", "ended", "failed"]
    total: int = 0
    done: int = 0
    detail: str = ""


class BatchProvider(Protocol):
    """The batch API for one model."""

    @property
    def name(self) -> str:
        """`provider:model`."""

    async def submit(self, requests: Sequence[BatchRequest], *, idempotency_key: str) -> str:
        """Id of the batch. Raises ProviderError; after an ambiguous fault the batch may exist."""

    async def state(self, batch_id: str) -> BatchState:
        """Raises ProviderError; `not_found` for an id that is not there."""

    async def answers(self, batch_id: str, requests: Sequence[BatchRequest]) -> tuple[BatchAnswer, ...]:
        """Of an ended batch, one for each request, in their order. Raises ProviderError."""

    async def cancel(self, batch_id: str) -> None:
        """What is done by then keeps its answer. Raises ProviderError."""

    async def aclose(self) -> None: ...


class Polling(Frozen):
    """Pauses grow from `first_s` to `most_s` by half each time: most batches end within minutes, some take hours."""

    first_s: float = 5.0
    most_s: float = 60.0
    jitter: float = 0.1

    def pause(self, asked: int, rng: random.Random) -> float:
        steady = min(self.most_s, self.first_s * 1.5 ** min(asked, 64))
        return steady * (1 + rng.uniform(0, self.jitter))


async def complete_batch(
    provider: BatchProvider,
    requests: Sequence[BatchRequest],
    *,
    idempotency_key: str,
    deadline_s: float = 86_400.0,
    batch_id: str | None = None,
    on_submitted: Callable[[str], Awaitable[None]] | None = None,
    polling: Polling = Polling(),
    rng: random.Random | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[BatchAnswer, ...]:
    """One answer for each request, in their order; some may be failures.

    `on_submitted` hears the id before the wait: whoever keeps it can come back with it as `batch_id`, and the same
    requests. At the deadline the batch is left running: ProviderTimeoutError with `batch_id` in its extra. Faults that
    pass are waited out inside the deadline. Raises InputError for ids that no batch takes, ProviderError (`refused`,
    with `batch_id`) for a batch that the provider turned down as a whole.
    """
    _check(requests)
    if not requests:
        return ()
    deadline = clock() + deadline_s
    rng = rng or random.Random()
    if batch_id is None:
        batch_id = await provider.submit(requests, idempotency_key=idempotency_key)
        if on_submitted is not None:
            await on_submitted(batch_id)
    asked = 0
    while True:
        wait = polling.pause(asked, rng)
        try:
            state = await provider.state(batch_id)
            if state.status == "failed":
                refused = f"{provider.name} refused batch {batch_id}: {state.detail}"
                raise ProviderError(refused, reason="refused", batch_id=batch_id)
            if state.status == "ended":
                return await provider.answers(batch_id, requests)
            logger.debug("%s: batch %s, %d of %d done", provider.name, batch_id, state.done, state.total)
        except ProviderError as error:
            if not error.retryable:
                error.extra["batch_id"] = batch_id
                raise
            logger.info("%s: batch %s: %s", provider.name, batch_id, error.detail)
            asked_for = error.extra.get("retry_after_s")
            wait = max(wait, float(asked_for) if isinstance(asked_for, int | float) else 0.0)
        if clock() + wait >= deadline:
            raise ProviderTimeoutError(
                f"{provider.name}: batch {batch_id} is not done after {deadline_s:g} s and goes on; "
                "come back with its id",
                batch_id=batch_id,
            )
        await sleep(wait)
        asked += 1


def ordered(
    requests: Sequence[BatchRequest], found: dict[str, BatchAnswer], missing: BatchFailure
) -> tuple[BatchAnswer, ...]:
    """One answer for each request; `missing` for those that the provider gave none."""
    return tuple(found.get(r.id) or BatchAnswer(id=r.id, failure=missing) for r in requests)


def failure_of(error: ProviderError, usage: Usage) -> BatchFailure:
    reason = error.extra.get("reason")
    return BatchFailure(
        code=error.code, detail=error.detail, reason=reason if isinstance(reason, str) else None, usage=usage
    )


def _check(requests: Sequence[BatchRequest]) -> None:
    seen: set[str] = set()
    for request in requests:
        if not _ID.fullmatch(request.id):
            raise InputError(f"{request.id!r} cannot name a batch request: 1 to 64 letters, digits, _ and - are taken")
        if request.id in seen:
            raise InputError(f"two requests of the batch are named {request.id!r}: give each a name of its own")
        seen.add(request.id)

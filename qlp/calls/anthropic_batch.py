"""Message Batches of Anthropic: requests go up in one body, results come down as lines.

platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from qlp.calls.batch import BatchAnswer, BatchFailure, BatchRequest, BatchState, failure_of, ordered
from qlp.calls.batch_answers import Price, answer_of, table_price
from qlp.errors import ProviderError
from qlp.models import Usage
from qlp.providers.anthropic.reply import read_message
from qlp.providers.anthropic.request import request_body
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import status_fault
from qlp.providers.reply import an_object
from qlp.providers.sampling import Sampling
from qlp.providers.wire import Ask

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_MAX_BYTES = 536_870_912
_ONE_REPLY = 16_777_216
_SECONDS = 300.0
"""Deadline of one exchange: results are large."""
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "overloaded_error": 529,
}


class AnthropicBatches:
    """BatchProvider for one model. A request asks for one sample; for more send more requests."""

    def __init__(self, endpoint: Endpoint, model: str, *, price: Price | None = None) -> None:
        self.name = f"{endpoint.label}:{model}"
        self._endpoint = endpoint
        self._model = model
        self._price = price or table_price(endpoint, model)
        self._where = f"{self.name} at {endpoint.base_url}"
        self._client: AsyncAnthropic | None = None

    async def submit(self, requests: Sequence[BatchRequest], *, idempotency_key: str) -> str:
        """The API keeps no key of ours: the header is all that can hold a repeated request together."""
        body = [{"custom_id": r.id, "params": self._params(r)} for r in requests]
        client = await self._connected()
        async with self._asking():
            made = await client.messages.batches.create(
                requests=body,  # type: ignore[arg-type]
                extra_headers={"Idempotency-Key": idempotency_key},
            )
            return str(made.id)

    async def state(self, batch_id: str) -> BatchState:
        client = await self._connected()
        async with self._asking():
            batch = await client.messages.batches.retrieve(batch_id)
            counts = batch.request_counts
            done = counts.succeeded + counts.errored + counts.canceled + counts.expired
            ended = batch.processing_status == "ended"
        return BatchState(
            status="ended" if ended else "running",
            total=done + counts.processing,
            done=done,
            detail=batch.processing_status,
        )

    async def answers(self, batch_id: str, requests: Sequence[BatchRequest]) -> tuple[BatchAnswer, ...]:
        import httpx2

        client = await self._connected()
        async with self._asking():
            # Not `batches.results`: it takes the key to whatever address the server names.
            path = f"/v1/messages/batches/{quote(batch_id, safe='')}/results"
            text = (await client.get(path, cast_to=httpx2.Response)).text
        asked = {r.id: r for r in requests}
        found: dict[str, BatchAnswer] = {}
        for line in text.split("\n"):
            entry = _entry(line)
            request = asked.get(str(entry.get("custom_id")))
            if request is not None and request.id not in found:
                found[request.id] = await self._answer(request, an_object(entry.get("result")))
        missing = f"{self.name}: batch {batch_id} has no answer to this request"
        return ordered(requests, found, BatchFailure(code="provider_error", detail=missing, reason="bad_reply"))

    async def cancel(self, batch_id: str) -> None:
        client = await self._connected()
        async with self._asking():
            await client.messages.batches.cancel(batch_id)

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _params(self, request: BatchRequest) -> dict[str, Any]:
        if request.options.n > 1:
            detail = f"{self._where} answers one sample a batch request: send {request.options.n} requests instead"
            raise ProviderError(detail, reason="unsupported")
        if request.options.logprobs is not None:
            raise ProviderError(f"{self._where} has no log-probabilities", reason="unsupported")
        ask = Ask(request.messages, request.options, request.id)
        return {"model": self._model, **request_body(ask, Sampling(), stream=False)}

    async def _answer(self, request: BatchRequest, result: dict[str, Any]) -> BatchAnswer:
        match result.get("type"):
            case "succeeded":
                ask = Ask(request.messages, request.options, request.id)
                body = json.dumps(result.get("message")).encode()
                try:
                    reply = read_message(body, "", ask, _ONE_REPLY)
                except ProviderError as bad:
                    detail = f"{self._where}: {self._endpoint.redact(bad.detail)}"
                    unknown = Usage(calls=1, cost_usd=None)
                    return BatchAnswer(id=request.id, failure=failure_of(ProviderError(detail, **bad.extra), unknown))
                return await answer_of(request, reply, name=self.name, price=self._price)
            case "expired":
                late = f"{self.name}: the batch ended before this request was done"
                return BatchAnswer(id=request.id, failure=BatchFailure(code="provider_timeout", detail=late))
            case "canceled":
                gone = f"{self.name}: the batch was cancelled before this request was done"
                return BatchAnswer(id=request.id, failure=BatchFailure(code="provider_error", detail=gone))
        said = an_object(result.get("error"))
        said = an_object(said.get("error")) or said  # the API wraps the error of the request in one of its own
        kind = str(said.get("type") or "")
        message = self._endpoint.redact(str(said.get("message") or "no reason given"))
        fault = status_fault(_STATUS.get(kind, 500), message, self._where, code=kind, key=self._endpoint.key_name)
        return BatchAnswer(id=request.id, failure=failure_of(fault.error, Usage()))

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """What the client or the transport raises leaves as ProviderError."""
        import httpx2
        from anthropic import AnthropicError
        from pydantic import ValidationError

        from qlp.providers.sdk_faults import sdk_fault
        from qlp.providers.transport import ReplyTooLargeError

        try:
            yield
        except (AnthropicError, httpx2.HTTPError, OSError, ReplyTooLargeError) as error:
            raise sdk_fault(error, self._where, self._endpoint)[0].error from error
        except (ValidationError, AttributeError, TypeError, ValueError) as error:
            # The client models what it gets without checking it: a page of HTML shows when its fields are read.
            detail = f"{self._where} answered no batch ({type(error).__name__}); does it have a batch API?"
            raise ProviderError(detail, reason="bad_reply") from error

    async def _connected(self) -> AsyncAnthropic:
        if self._client is None:
            self._client = await asyncio.to_thread(_connect, self._endpoint)
        return self._client


def _connect(endpoint: Endpoint) -> AsyncAnthropic:
    """In a thread: importing the SDK takes seconds."""
    from anthropic import AsyncAnthropic

    from qlp.providers.transport import bounded_client

    return AsyncAnthropic(
        base_url=endpoint.base_url,
        api_key=endpoint.secret or "none",
        max_retries=0,
        timeout=_SECONDS,
        http_client=bounded_client(_MAX_BYTES, loopback=endpoint.loopback),
    )


def _entry(line: str) -> dict[str, Any]:
    try:
        return an_object(json.loads(line)) if line.strip() else {}
    except (ValueError, RecursionError):
        return {}  # its request is reported as one without an answer

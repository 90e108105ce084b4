"""The batch API of OpenAI and of servers that speak it: a file of requests goes up, files of results come down.

platform.openai.com/docs/guides/batch
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from qlp.calls.batch import BatchAnswer, BatchFailure, BatchRequest, BatchState, failure_of, ordered
from qlp.calls.batch_answers import Price, answer_of, table_price
from qlp.errors import ProviderError
from qlp.models import Usage
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import status_fault
from qlp.providers.openai.dialect import Dialect
from qlp.providers.openai.reply import read_reply
from qlp.providers.openai_compatible import connect
from qlp.providers.reply import an_object
from qlp.providers.wire import Ask, Bounds

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_PATH: Final = "/v1/chat/completions"
_WINDOW: Final = "24h"
_KEY = "qlp_key"
_MAX_BYTES = 536_870_912
_RECENT = 100
_ENDED = ("completed", "expired", "cancelled")


class OpenAIBatches:
    """BatchProvider for one model at one endpoint."""

    def __init__(self, endpoint: Endpoint, model: str, *, price: Price | None = None) -> None:
        self.name = f"{endpoint.label}:{model}"
        self._endpoint = endpoint
        self._model = model
        self._price = price or table_price(endpoint, model)
        self._where = f"{self.name} at {endpoint.base_url}"
        self._client: AsyncOpenAI | None = None

    async def submit(self, requests: Sequence[BatchRequest], *, idempotency_key: str) -> str:
        """A batch that carries this key already is taken up again instead of being made twice."""
        client = await self._connected()
        found = await self._find(client, idempotency_key)
        if found is not None:
            return found
        lines = "".join(json.dumps(self._line(r)) + "\n" for r in requests)
        async with self._asking():
            file = await client.files.create(file=("batch.jsonl", lines.encode()), purpose="batch")
            made = await client.batches.create(
                input_file_id=file.id,
                endpoint=_PATH,
                completion_window=_WINDOW,
                metadata={_KEY: idempotency_key[:512]},
            )
        return made.id

    async def state(self, batch_id: str) -> BatchState:
        client = await self._connected()
        async with self._asking():
            batch = await client.batches.retrieve(batch_id)
            counts, status = batch.request_counts, str(batch.status)
            total, done = (counts.total, counts.completed + counts.failed) if counts else (0, 0)
            errors = [str(e.message) for e in (batch.errors.data if batch.errors else None) or []]
        if status in _ENDED:
            return BatchState(status="ended", total=total, done=done, detail=status)
        if status == "failed":
            said = self._endpoint.redact("; ".join(errors[:3])) or "no reason given"
            return BatchState(status="failed", total=total, detail=said)
        return BatchState(status="running", total=total, done=done, detail=status)

    async def answers(self, batch_id: str, requests: Sequence[BatchRequest]) -> tuple[BatchAnswer, ...]:
        client = await self._connected()
        async with self._asking():
            batch = await client.batches.retrieve(batch_id)
            texts = [
                (await client.files.content(file_id)).text
                for file_id in (batch.output_file_id, batch.error_file_id)
                if file_id
            ]
        asked = {r.id: r for r in requests}
        found: dict[str, BatchAnswer] = {}
        for line in "\n".join(texts).split("\n"):
            entry = _entry(line)
            request = asked.get(str(entry.get("custom_id")))
            if request is not None and request.id not in found:
                found[request.id] = await self._answer(request, entry)
        return ordered(requests, found, _missing(self.name, batch_id, batch.status))

    async def cancel(self, batch_id: str) -> None:
        client = await self._connected()
        async with self._asking():
            await client.batches.cancel(batch_id)

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _line(self, request: BatchRequest) -> dict[str, Any]:
        ask = Ask(request.messages, request.options, request.id, n=request.options.n)
        body = {"model": self._model, **Dialect().body(ask, stream=False)}
        return {"custom_id": request.id, "method": "POST", "url": _PATH, "body": body}

    async def _find(self, client: AsyncOpenAI, key: str) -> str | None:
        try:
            async with self._asking():
                recent = await client.batches.list(limit=_RECENT)
        except ProviderError as error:
            if error.extra.get("reason") in ("not_found", "refused", "unsupported"):
                return None  # a server without the list
            raise
        found = [b for b in recent.data if (b.metadata or {}).get(_KEY) == key[:512]]
        return next((b.id for b in found if b.status not in ("failed", "cancelled", "cancelling")), None)

    async def _answer(self, request: BatchRequest, entry: dict[str, Any]) -> BatchAnswer:
        response, error = an_object(entry.get("response")), an_object(entry.get("error"))
        status = response.get("status_code")
        if status == 200:
            try:
                body = json.dumps(response.get("body")).encode()
                reply = read_reply(body, tools=bool(request.options.tools))
            except ProviderError as bad:
                detail = f"{self._where}: {self._endpoint.redact(bad.detail)}"
                unknown = Usage(calls=1, cost_usd=None)
                return BatchAnswer(id=request.id, failure=failure_of(ProviderError(detail, **bad.extra), unknown))
            return await answer_of(request, reply, name=self.name, price=self._price)
        said = an_object(an_object(response.get("body")).get("error")) or error
        code = str(said.get("code") or "")
        if code == "batch_expired":
            return BatchAnswer(id=request.id, failure=_missing(self.name, "", "expired"))
        fault = status_fault(
            status if isinstance(status, int) else 500,
            self._endpoint.redact(str(said.get("message") or "no reason given")),
            self._where,
            code=code,
            key=self._endpoint.key_name,
        )
        return BatchAnswer(id=request.id, failure=failure_of(fault.error, Usage()))

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """What the client or the transport raises leaves as ProviderError."""
        import httpx2
        from openai import OpenAIError
        from pydantic import ValidationError

        from qlp.providers.sdk_faults import sdk_fault
        from qlp.providers.transport import ReplyTooLargeError

        try:
            yield
        except (OpenAIError, httpx2.HTTPError, OSError, ReplyTooLargeError) as error:
            raise sdk_fault(error, self._where, self._endpoint)[0].error from error
        except (ValidationError, AttributeError, TypeError, ValueError) as error:
            # The client models what it gets without checking it: a page of HTML shows when its fields are read.
            detail = f"{self._where} answered no batch ({type(error).__name__}); does it have a batch API?"
            raise ProviderError(detail, reason="bad_reply") from error

    async def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            # In a thread: importing the SDK takes seconds.
            self._client = await asyncio.to_thread(connect, self._endpoint, Bounds(max_bytes=_MAX_BYTES))
        return self._client


def _entry(line: str) -> dict[str, Any]:
    try:
        return an_object(json.loads(line)) if line.strip() else {}
    except (ValueError, RecursionError):
        return {}  # its request is reported as one without an answer


def _missing(name: str, batch_id: str, status: str) -> BatchFailure:
    if status == "expired":
        return BatchFailure(code="provider_timeout", detail=f"{name}: the batch ended before this request was done")
    what = "was cancelled before this request was done" if status == "cancelled" else "has no answer to this request"
    return BatchFailure(code="provider_error", detail=f"{name}: batch {batch_id} {what}", reason="bad_reply")

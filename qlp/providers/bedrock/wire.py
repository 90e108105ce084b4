"""Asks one model over Converse: botocore writes and signs the request, `vnd.amazon.eventstream` frames streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from qlp.errors import ProviderError, ProviderUnavailableError
from qlp.providers.bedrock.reply import ConverseEvents, exception_fault, read_converse
from qlp.providers.bedrock.request import converse_params
from qlp.providers.bedrock.signing import Signer
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import Fault, Faulted, learned, unsupported
from qlp.providers.reply import QUOTE, Reply, an_object
from qlp.providers.sampling import Sampling
from qlp.providers.transport import EVENT_STREAM
from qlp.providers.wire import Ask, Bounds, Piece

if TYPE_CHECKING:
    import httpx2

_NO_CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or AWS_BEARER_TOKEN_BEDROCK (a Bedrock API key)"
)


class BedrockWire:
    takes_n = False
    """Converse has no `n`: samples are parallel requests."""

    def __init__(self, endpoint: Endpoint, model: str, region: str, bounds: Bounds) -> None:
        self._endpoint = endpoint
        self._model = model
        self._where = f"{endpoint.label}:{model} at {endpoint.base_url}"
        self._bounds = bounds
        self._sampling = Sampling()
        self._signer = Signer(endpoint, region)
        self._client: httpx2.AsyncClient | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, ask: Ask) -> Reply:
        async with self._opened(ask, stream=False) as response:
            body = b"".join([chunk async for chunk in response.aiter_bytes()])
            return read_converse(body, response.headers.get("content-type", ""), ask, self._bounds.max_bytes)

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece | Reply, None]:
        async with self._opened(ask, stream=True) as response:
            content_type = response.headers.get("content-type", "")
            if EVENT_STREAM not in content_type:
                body = b"".join([chunk async for chunk in response.aiter_bytes()])
                reply = read_converse(body, content_type, ask, self._bounds.max_bytes)
                for sample in reply.samples:
                    if sample.text:
                        yield Piece(sample.text)
                yield reply
                return
            from botocore.eventstream import EventStreamBuffer

            frames = EventStreamBuffer()
            joined = ConverseEvents(ask, self._where, self._bounds.max_bytes)
            async for chunk in response.aiter_bytes():
                frames.add_data(chunk)
                for message in frames:
                    for piece in self._event(joined, message.headers, message.payload):
                        yield piece
            yield joined.reply()

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _event(self, joined: ConverseEvents, headers: dict[str, Any], payload: bytes) -> list[Piece]:
        if headers.get(":message-type") == "event":
            return joined.add(str(headers.get(":event-type")), payload)
        name = str(headers.get(":exception-type") or headers.get(":error-code"))
        raise Faulted(exception_fault(name, _said(payload) or str(headers.get(":error-message")), self._where))

    @contextlib.asynccontextmanager
    async def _opened(self, ask: Ask, *, stream: bool) -> AsyncIterator[httpx2.Response]:
        """One exchange; what botocore, the transport or a reader of the body raises leaves as Faulted."""
        if ask.options.logprobs is not None:
            raise unsupported(self._where, "log-probabilities")
        client = await self._connected()
        import httpx2
        from botocore.eventstream import ParserError
        from botocore.exceptions import BotoCoreError

        from qlp.providers.sdk_faults import sdk_fault
        from qlp.providers.transport import ReplyTooLargeError

        timeout_s = ask.options.timeout_s
        try:
            params = converse_params(self._model, ask, self._sampling)
            signed = await asyncio.to_thread(self._signer.sign, "converse_stream" if stream else "converse", params)
            accept = {"Accept": EVENT_STREAM} if stream else {}
            request = client.stream(
                "POST",
                signed.url,
                headers={**signed.headers, **accept},
                content=signed.body,
                timeout=httpx2.Timeout(timeout_s, connect=min(self._bounds.connect_s, timeout_s)),
            )
            async with request as response:
                if response.status_code != 200:
                    await response.aread()
                    raise Faulted(self._refusal(response, ask, params))
                yield response
        except BotoCoreError as error:
            raise Faulted(self._unsigned(error)) from error
        except ParserError as error:
            detail = f"{self._where}: a damaged event stream ({error})"
            damaged = ProviderUnavailableError(detail, reason="connection")
            raise Faulted(Fault(damaged, retry=True, outage=True)) from error
        except (httpx2.HTTPError, OSError, ReplyTooLargeError, ProviderError) as error:
            raise Faulted(sdk_fault(error, self._where, self._endpoint)[0]) from error

    def _refusal(self, response: httpx2.Response, ask: Ask, sent: dict[str, Any]) -> Fault:
        said = self._endpoint.redact(_said(response.content))
        name = response.headers.get("x-amzn-errortype", "").partition(":")[0]
        fault = exception_fault(
            name,
            said,
            self._where,
            status=response.status_code,
            headers=response.headers,
            key=self._endpoint.key_name,
        )
        self._sampling.learn(response.status_code, said)
        again = converse_params(self._model, ask, self._sampling) != sent
        return learned(fault) if again else fault

    def _unsigned(self, error: Exception) -> Fault:
        from botocore.exceptions import ParamValidationError

        if isinstance(error, ParamValidationError):
            detail = f"{self._where} cannot be asked this: {error}"[:500]
            return Fault(ProviderError(detail, reason="refused"), sent=False)
        detail = f"{self._where}: no AWS credentials ({type(error).__name__}); {_NO_CREDENTIALS}"
        return Fault(ProviderError(detail, reason="auth"), sent=False)

    async def _connected(self) -> httpx2.AsyncClient:
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(_connect, self._endpoint, self._bounds)
            return self._client


def _connect(endpoint: Endpoint, bounds: Bounds) -> httpx2.AsyncClient:
    from qlp.providers.transport import bounded_client

    return bounded_client(bounds.max_bytes, loopback=endpoint.loopback)


def _said(body: bytes) -> str:
    try:
        data = an_object(json.loads(body))
    except (ValueError, RecursionError):
        return body[:QUOTE].decode("utf-8", "replace")
    return str(data.get("message") or data.get("Message") or data)

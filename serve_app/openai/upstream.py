"""Passes a chat completion on to an OpenAI-compatible endpoint, byte for byte: every field of the client arrives.

Only the model's name is replaced. A stream is looked into only where it costs money, for its usage.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from qlp.errors import ProviderError, ProviderTimeoutError, ProviderUnavailableError, QLPError
from qlp.providers.breaker import CircuitBreaker
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import status_fault
from qlp.providers.reply import an_object
from serve_app.openai.allowance import Allowance
from serve_app.openai.body import ChatBody
from serve_app.openai.exchange import EVENTS, JSON, Asker, Exchange, one_piece
from serve_app.openai.problems import error_body
from serve_app.openai.toll import Ticket, Toll, metered

if TYPE_CHECKING:
    import aiohttp

MOST_BYTES = 33_554_432
"""Of an answer in one piece, and of one event."""
ERROR_BYTES = 65_536
CONNECT_S = 10.0
CONNECTIONS = 512
_CALLERS = frozenset({400, 404, 409, 413, 415, 422, 429})
"""Statuses of an endpoint that are about the request; its others are about the endpoint or our key."""
_OPENAI_HOST = "https://api.openai.com/"


class Sessions:
    """The HTTP client of a process: one pool of connections, made at first use in the loop that serves."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def get(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30, ttl_dns_cache=60),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class Upstream:
    """Implements `Answerer` for one model at one endpoint."""

    def __init__(
        self,
        name: str,
        model: str,
        endpoint: Endpoint,
        breaker: CircuitBreaker,
        sessions: Sessions,
        toll: Toll,
        *,
        timeout_s: float,
        max_tokens: int,
        allowance: Allowance | None = None,
    ) -> None:
        """`allowance` None: the provider has no limits of its own."""
        self._allowance = allowance
        self._name = name
        self._model = model
        self._endpoint = endpoint
        self._breaker = breaker
        self._sessions = sessions
        self._toll = toll
        self._timeout_s = timeout_s
        self._max_tokens = max_tokens
        self._where = f"{name} at {endpoint.base_url}"

    async def open(self, body: ChatBody, asker: Asker) -> Exchange:
        grant = await self._allowance.take(body) if self._allowance else None
        try:
            ticket = await self._toll.enter(self._name, self._endpoint, body, asker)
        except QLPError:
            if self._allowance is not None:
                await self._allowance.unsent(grant)
            raise
        try:
            response = await self._post(self._fields(body, ticket), body.stream, asker)
        except BaseException:
            if ticket is not None:
                await asyncio.shield(asyncio.ensure_future(ticket.assume()))
            raise
        if response.status != 200:
            if ticket is not None:
                await ticket.release()
            if self._allowance is not None:
                await self._allowance.refused(grant, response.status, response.headers.get("retry-after"))
            return await self._refused(response)
        kind = response.headers.get("content-type", JSON)
        if "text/event-stream" in kind:
            return self._streamed(response, body, ticket)
        whole = await self._whole(response)
        if ticket is not None:
            await ticket.settle(_usage(whole))
        if self._allowance is not None:
            await self._allowance.used(grant, _usage(whole))
        return Exchange(200, JSON, one_piece(whole))

    def _fields(self, body: ChatBody, ticket: Ticket | None) -> dict[str, Any]:
        fields = {**body.fields, "model": self._model}
        if ticket is None:
            return fields
        # What was set aside is only the most if the answer cannot be longer, and is only corrected if it is counted.
        if not (fields.get("max_tokens") or fields.get("max_completion_tokens")):
            own = self._endpoint.base_url.startswith(_OPENAI_HOST)
            fields["max_completion_tokens" if own else "max_tokens"] = self._max_tokens
        if body.stream:
            fields["stream_options"] = {**an_object(fields.get("stream_options")), "include_usage": True}
        return fields

    async def _post(self, fields: dict[str, Any], stream: bool, asker: Asker) -> aiohttp.ClientResponse:
        """The response with its head read. A connection that could not be made is tried once more."""
        import aiohttp

        headers = {"Content-Type": JSON, "Accept-Encoding": "identity"}
        if stream:
            headers["Accept"] = "text/event-stream"
        if self._endpoint.secret:
            headers["Authorization"] = f"Bearer {self._endpoint.secret}"
        if asker.idempotency_key:
            headers["Idempotency-Key"] = asker.idempotency_key
        data = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=self._timeout_s)
        url = f"{self._endpoint.base_url}/chat/completions"
        for again in (True, False):
            self._breaker.admit()
            try:
                response = await self._sessions.get().post(
                    url, data=data, headers=headers, timeout=timeout, allow_redirects=False
                )
            except TimeoutError as error:
                self._breaker.failure()
                raise ProviderTimeoutError(f"{self._where} did not answer within {self._timeout_s:g} s") from error
            except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError) as error:
                self._breaker.failure()
                if again:
                    continue
                raise self._unreachable(error) from error
            except (aiohttp.ClientError, OSError) as error:
                self._breaker.failure()
                raise self._unreachable(error) from error
            except BaseException:
                self._breaker.release()
                raise
            if response.status >= 500:
                self._breaker.failure()
            else:
                self._breaker.success()
            return response
        raise AssertionError("unreachable")

    def _streamed(self, response: aiohttp.ClientResponse, body: ChatBody, ticket: Ticket | None) -> Exchange:
        if ticket is None:
            return Exchange(200, EVENTS, self._pieces(response))
        seen: dict[str, Any] = {}
        return Exchange(200, EVENTS, metered(_watched(self._pieces(response), seen, body.wants_usage), ticket, seen))

    async def _pieces(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        import aiohttp

        try:
            async for piece in response.content.iter_any():
                yield piece
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            cause = type(error).__name__
            broken = error_body(502, "provider_unavailable", f"{self._where} broke the answer off ({cause})")
            yield b"data: " + json.dumps(broken).encode() + b"\n\n"
        finally:
            response.close()  # a no-op after the end; before it, it tells the endpoint to stop

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        import aiohttp

        try:
            body = await _bounded(response, MOST_BYTES + 1)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._unreachable(error) from error
        if len(body) > MOST_BYTES:
            raise ProviderError(f"{self._where} sent an answer of more than {MOST_BYTES} bytes", reason="bad_reply")
        if not body.lstrip().startswith(b"{"):
            start = body[:200].decode("utf-8", "replace")
            raise ProviderError(
                f"{self._where}: the answer is no JSON object, it starts with {start!r}", reason="bad_reply"
            )
        return body

    async def _refused(self, response: aiohttp.ClientResponse) -> Exchange:
        """The endpoint's own words where they are about the request. Raises ProviderError for the rest."""
        said = await _bounded(response, ERROR_BYTES)
        text = self._endpoint.redact(said.decode("utf-8", "replace"))
        headers = {"retry-after": wait} if (wait := response.headers.get("retry-after")) else {}
        if response.status in _CALLERS:
            body = text.encode()
            if not _is_error(said):
                body = json.dumps(
                    error_body(response.status, "provider_error", f"{self._where}: {text[:500]}")
                ).encode()
            return Exchange(response.status, JSON, one_piece(body), headers)
        raise status_fault(response.status, text, self._where, key=self._endpoint.key_name).error

    def _unreachable(self, error: BaseException) -> ProviderUnavailableError:
        cause = type(error).__name__
        return ProviderUnavailableError(f"{self._where} cannot be reached ({cause})", reason="connection")


async def _bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """At most `limit` bytes of the body."""
    parts: list[bytes] = []
    size = 0
    try:
        async for piece in response.content.iter_any():
            parts.append(piece)
            size += len(piece)
            if size >= limit:
                break
    finally:
        response.close()  # a no-op after the end: then the connection is in the pool already
    return b"".join(parts)[:limit]


async def _watched(
    pieces: AsyncGenerator[bytes, None], seen: dict[str, Any], wanted: bool
) -> AsyncGenerator[bytes, None]:
    """The events whole, with their usage noted; the one that only holds it is for those who asked."""
    rest = b""
    async with aclosing(pieces):
        async for piece in pieces:
            *events, rest = (rest + piece).replace(b"\r\n", b"\n").split(b"\n\n")
            if len(rest) > MOST_BYTES:
                raise ProviderError("the endpoint sends an event without end", reason="bad_reply")
            kept = [event for event in events if _passes(event, seen, wanted)]
            if kept:
                yield b"\n\n".join(kept) + b"\n\n"
    if rest.strip():
        yield rest


def _passes(event: bytes, seen: dict[str, Any], wanted: bool) -> bool:
    if b'"usage"' not in event:
        return True
    try:
        chunk = json.loads(event.removeprefix(b"data:"))
    except ValueError:
        return True
    usage = an_object(chunk).get("usage")
    if not usage:
        return True
    seen["usage"] = usage
    return wanted or bool(an_object(chunk).get("choices"))


def _usage(body: bytes) -> object:
    try:
        return an_object(json.loads(body)).get("usage")
    except ValueError:
        return None


def _is_error(body: bytes) -> bool:
    try:
        return isinstance(an_object(json.loads(body)).get("error"), dict)
    except ValueError:
        return False

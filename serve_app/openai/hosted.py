"""Passes a chat completion on to a model of this cluster: vLLM writes OpenAI's shapes itself."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncGenerator

from actors.vllm.client import ModelClient
from actors.vllm.provider import ROOT_CHARS, endpoint_of
from actors.vllm.reply import EngineReply
from serve_app.openai.body import ChatBody
from serve_app.openai.exchange import EVENTS, JSON, Asker, Exchange, one_piece
from serve_app.openai.toll import Ticket, Toll


class Hosted:
    """Implements `Answerer` for `vllm:{model}`."""

    def __init__(self, name: str, model: str, client: ModelClient, toll: Toll, *, timeout_s: float) -> None:
        self._name = name
        self._model = model
        self._client = client
        self._toll = toll
        self._timeout_s = timeout_s

    async def open(self, body: ChatBody, asker: Asker) -> Exchange:
        fields = {**body.fields, "model": self._model}
        session = session_of(body, asker)
        ticket = await self._toll.enter(self._name, endpoint_of(self._model), body, asker)
        if not body.stream:
            try:
                answer = await self._client.chat(fields, session, self._timeout_s)
            except BaseException:
                await _end(ticket, None)
                raise
            await _end(ticket, json.loads(answer.body).get("usage") if answer.status == 200 else None)
            return Exchange(answer.status, JSON, one_piece(answer.body.encode()))
        frames = self._client.chat_stream(fields, session, self._timeout_s)
        try:
            first = await anext(frames)
        except BaseException:
            await frames.aclose()
            await _end(ticket, None)
            raise
        if isinstance(first, EngineReply):
            await frames.aclose()
            await _end(ticket, None)
            return Exchange(first.status, JSON, one_piece(first.body.encode()))
        return Exchange(200, EVENTS, self._rest(first, frames, ticket))

    async def _rest(
        self, first: bytes, frames: AsyncGenerator[EngineReply | bytes, None], ticket: Ticket | None
    ) -> AsyncGenerator[bytes, None]:
        try:
            async with contextlib.aclosing(frames):
                yield first
                async for frame in frames:
                    if isinstance(frame, bytes):
                        yield frame
        finally:
            await _end(ticket, None)


async def _end(ticket: Ticket | None, usage: object) -> None:
    """A model with a price by GPU time counts what was set aside, unless the answer says how much it was."""
    if ticket is not None:
        ending = ticket.settle(usage) if usage else ticket.assume()
        await asyncio.shield(asyncio.ensure_future(ending))


def session_of(body: ChatBody, asker: Asker) -> str:
    """As `actors.vllm.provider.session_of`, and never the same for two tenants."""
    given = body.fields.get("prompt_cache_key") or body.fields.get("session_id")
    if not isinstance(given, str):
        first = next((i for i, m in enumerate(body.messages) if m.get("role") == "user"), 0)
        given = "\x00".join(str(m.get("content"))[:ROOT_CHARS] for m in body.messages[: first + 1])
    return hashlib.sha256(f"{asker.tenant}\x00{given}".encode("utf-8", "replace")).hexdigest()[:32]

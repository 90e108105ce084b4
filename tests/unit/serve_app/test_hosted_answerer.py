"""The facade's way to a model of this cluster, without a cluster."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest

from actors.vllm.client import ModelClient
from actors.vllm.reply import EngineReply
from qlp.config import Settings
from qlp.errors import ProviderRateLimitError
from qlp.store import Database, sqlite_url
from qlp.store.schema import create_all
from serve_app.openai.body import ChatBody, read_body
from serve_app.openai.exchange import EVENTS, Asker
from serve_app.openai.hosted import Hosted, session_of
from serve_app.openai.toll import Toll

pytestmark = pytest.mark.unit

ASKER = Asker(tenant="a", key_id="k", request_id="r")
BODY = b'{"model": "vllm:m", "messages": [{"role": "user", "content": "hi"}], "top_k": 3%s}'


class FakeClient:
    def __init__(self, *answers: EngineReply | bytes | Exception) -> None:
        self.answers = answers
        self.asked: dict[str, Any] = {}
        self.closed = False

    async def chat(self, body: dict[str, Any], session: str, timeout_s: float) -> EngineReply:
        self.asked = body
        (answer,) = self.answers
        assert isinstance(answer, EngineReply)
        return answer

    async def chat_stream(
        self, body: dict[str, Any], session: str, timeout_s: float
    ) -> AsyncGenerator[EngineReply | bytes, None]:
        self.asked = body
        try:
            for answer in self.answers:
                if isinstance(answer, Exception):
                    raise answer
                yield answer
        finally:
            self.closed = True


def hosted(client: FakeClient, home: Path) -> Hosted:
    database = Database(sqlite_url(home))
    create_all(database)
    return Hosted("vllm:m", "m", cast(ModelClient, client), Toll(Settings(home=home), database), timeout_s=5)


def body(*, stream: bool = False) -> ChatBody:
    return read_body(BODY % (b', "stream": true' if stream else b""))


async def test_fields_and_bytes_pass(tmp_path: Path) -> None:
    client = FakeClient(EngineReply(status=200, body='{"odd":  1}'))
    exchange = await hosted(client, tmp_path).open(body(), ASKER)
    assert b"".join([piece async for piece in exchange.pieces]) == b'{"odd":  1}'
    assert client.asked["model"] == "m"
    assert client.asked["top_k"] == 3


async def test_frames_pass_and_closing_them_stops_the_engine(tmp_path: Path) -> None:
    client = FakeClient(b"data: 1\n\n", b"data: 2\n\n", b"data: [DONE]\n\n")
    exchange = await hosted(client, tmp_path).open(body(stream=True), ASKER)
    assert exchange.content_type == EVENTS
    assert await anext(exchange.pieces) == b"data: 1\n\n"
    await exchange.pieces.aclose()
    assert client.closed


async def test_a_refusal_keeps_its_status_also_where_a_stream_was_asked_for(tmp_path: Path) -> None:
    client = FakeClient(EngineReply(status=400, body='{"error": {"message": "no"}}'))
    exchange = await hosted(client, tmp_path).open(body(stream=True), ASKER)
    assert exchange.status == 400
    assert client.closed


async def test_a_full_queue_is_an_error_before_the_stream(tmp_path: Path) -> None:
    with pytest.raises(ProviderRateLimitError):
        await hosted(FakeClient(ProviderRateLimitError("full")), tmp_path).open(body(stream=True), ASKER)


def test_tenants_share_no_session() -> None:
    other = Asker(tenant="b", key_id="k", request_id="r")
    assert session_of(body(), ASKER) != session_of(body(), other)
    assert session_of(body(), ASKER) == session_of(body(stream=True), ASKER)

"""/v1/chat/completions: runs, self-hosted models and providers, in OpenAI's shape (docs/openai-api.md)."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from starlette.types import Receive, Scope, Send

from serve_app.auth import BackendDep, Caller
from serve_app.backend import Backend
from serve_app.openai.body import read_body
from serve_app.openai.exchange import Asker, Exchange, Relayed, while_there
from serve_app.openai.gateway import Gateway

router = APIRouter(prefix="/v1/chat", tags=["openai"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["model", "messages"],
                    "properties": {
                        "model": {"type": "string", "examples": ["qlp-auto"]},
                        "messages": {"type": "array", "minItems": 1, "items": {"type": "object"}},
                        "stream": {"type": "boolean"},
                        "qlp": {"type": "object", "description": "Fields of a run: language, tests, max_cost_usd, ..."},
                    },
                    "additionalProperties": True,
                }
            }
        },
    }
}
CLOSED = 499
"""The client has gone; nobody reads the status."""


class _Passed(Response):
    """What FastAPI takes for a response: it is sent by `Relayed`."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._relayed = Relayed(exchange)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._relayed(scope, receive, send)


@router.post("/completions", response_class=Response, openapi_extra=_BODY)
async def chat_completions(
    request: Request,
    backend: BackendDep,
    caller: Caller,
    idempotency_key: Annotated[str | None, Header(max_length=255, min_length=1)] = None,
) -> Response:
    """As OpenAI's, for the models of /v1/models and any `provider:model`. With `stream` the answer is a stream of
    server-sent events. The work is cancelled when the client goes away."""
    body = read_body(await request.body())
    asker = Asker(
        tenant=caller.tenant,
        key_id=caller.key_id,
        request_id=str(request.scope.get("qlp.request_id") or secrets.token_hex(12)),
        idempotency_key=idempotency_key,
    )
    answerer = await gateway_of(request, backend).answerer(body.model)
    exchange = await while_there(request, asyncio.ensure_future(answerer.open(body, asker)))
    return Response(status_code=CLOSED) if exchange is None else _Passed(exchange)


def gateway_of(request: Request, backend: Backend) -> Gateway:
    gateway: Gateway | None = getattr(request.app.state, "gateway", None)
    if gateway is None:
        gateway = request.app.state.gateway = Gateway(backend)
    return gateway

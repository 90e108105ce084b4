"""A self-hosted model as a provider: the wire between qlp's ChatModel and the deployment's handle."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any, Protocol

from actors.vllm.client import ModelClient
from actors.vllm.declared import declared
from actors.vllm.reply import EngineReply
from qlp.config import VllmSettings
from qlp.errors import ProviderError, ProviderRateLimitError, ProviderTimeoutError, ProviderUnavailableError
from qlp.providers.chat import ChatModel
from qlp.providers.endpoint import Endpoint
from qlp.providers.faults import Fault, Faulted, status_fault, unsupported
from qlp.providers.openai.dialect import Dialect
from qlp.providers.openai.reply import read_json, read_reply
from qlp.providers.openai.stream import StreamedReply
from qlp.providers.protocol import Message
from qlp.providers.reply import Reply, an_object
from qlp.providers.sse import events
from qlp.providers.wire import Ask, Bounds, Piece

PROVIDER = "vllm"
ROOT_CHARS = 4096
"""Of the first messages: where a conversation begins does not change while it grows."""

_CANNOT = re.compile(r"not a (?P<images>multimodal) model|(?P<tools>--tool-call-parser) to be set")
"""How vLLM says what a model, as it was started, cannot do."""


class Client(Protocol):
    """`ModelClient`, or what a test puts there."""

    async def chat(self, body: dict[str, Any], session: str, timeout_s: float) -> EngineReply: ...
    def chat_stream(
        self, body: dict[str, Any], session: str, timeout_s: float
    ) -> AsyncGenerator[EngineReply | bytes, None]: ...


def hosted_model(settings: VllmSettings, model: str) -> ChatModel:
    """Provider and StreamingProvider of `vllm:{model}`, inside the cluster that hosts it.

    Raises ProviderError with reason `not_found` for a model or adapter that the settings do not declare.
    """
    name, _ = declared(settings, model)
    bounds = Bounds()
    return ChatModel(endpoint_of(name), model, VllmWire(model, ModelClient(name), bounds), bounds=bounds)


def hosts(settings: VllmSettings) -> Callable[[str], ChatModel]:
    """What `ProviderRegistry(vllm=...)` asks: the provider of a name after `vllm:`."""
    return functools.partial(hosted_model, settings)


class VllmWire:
    """Implements `qlp.providers.wire.Wire`."""

    takes_n = True

    def __init__(self, model: str, client: Client, bounds: Bounds) -> None:
        self._model = model
        self._client = client
        self._bounds = bounds
        self._dialect = Dialect()
        self._where = f"{PROVIDER}:{model}"

    async def ask(self, ask: Ask) -> Reply:
        with self._faults():
            answer = await self._client.chat(self._body(ask, stream=False), session_of(ask), ask.options.timeout_s)
            self._check(answer)
            return read_reply(answer.body.encode(), tools=bool(ask.options.tools))

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece | Reply, None]:
        joined = StreamedReply(ask, self._where, self._bounds.max_bytes)
        frames = self._client.chat_stream(self._body(ask, stream=True), session_of(ask), ask.options.timeout_s)
        with self._faults():
            # Each is closed by hand: a generator that is only dropped stops the engine when it is collected, not now.
            async with (
                contextlib.aclosing(frames),
                contextlib.aclosing(self._bytes(frames)) as pieces,
                contextlib.aclosing(events(pieces)) as incoming,
            ):
                async for event in incoming:
                    for piece in joined.add(event.data):
                        yield piece
                    if joined.done:
                        break
            yield joined.reply()

    async def aclose(self) -> None: ...

    def _body(self, ask: Ask, *, stream: bool) -> dict[str, Any]:
        return {"model": self._model, **self._dialect.body(ask, stream=stream)}

    async def _bytes(self, frames: AsyncIterator[EngineReply | bytes]) -> AsyncGenerator[bytes, None]:
        async for frame in frames:
            if isinstance(frame, EngineReply):
                self._check(frame)
            else:
                yield frame

    def _check(self, answer: EngineReply) -> None:
        if answer.status == 200:
            return
        error = an_object(read_json(answer.body.encode(), "application/json").get("error"))
        said = str(error.get("message"))
        if cannot := _CANNOT.search(said):
            what = "images" if cannot["images"] else "tools; vllm.models.*.engine.tool_call_parser names its parser"
            raise unsupported(self._where, what)
        raise Faulted(status_fault(answer.status, said, self._where, code=str(error.get("type"))))

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except ProviderRateLimitError as error:
            wait = error.extra.get("retry_after_s")
            seconds = float(wait) if isinstance(wait, int | float) else None
            raise Faulted(Fault(error, retry=True, retry_after_s=seconds)) from error
        except ProviderUnavailableError as error:
            raise Faulted(Fault(error, retry=True, outage=True)) from error
        except ProviderTimeoutError as error:
            raise Faulted(Fault(error, outage=True)) from error
        except ProviderError as error:
            raise Faulted(Fault(error)) from error


def session_of(ask: Ask) -> str:
    """Requests of one conversation go to one replica, whose prefix cache holds what they share.

    The caller's own `prompt_cache_key` or `session_id` if there is one, else what the conversation begins with.
    """
    for field in ("prompt_cache_key", "session_id"):
        given = ask.options.extra_body.get(field)
        if isinstance(given, str) and given:
            return given
    return root_of(ask.messages)


def root_of(messages: tuple[Message, ...]) -> str:
    first = next((i for i, message in enumerate(messages) if message.role == "user"), len(messages) - 1)
    text = "\x00".join(message.content[:ROOT_CHARS] for message in messages[: first + 1])
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def endpoint_of(name: str) -> Endpoint:
    """Not an address: the model is reached by Serve's handle. It costs GPU time, no price a token."""
    return Endpoint.model_construct(
        base_url=f"this cluster ({name})", api_key=None, label=PROVIDER, source="settings", price="free", key_name=""
    )

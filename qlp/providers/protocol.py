"""What a model provider is: the contract that every provider keeps (tests/contract/test_providers.py)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal, Protocol

from pydantic import Field

from qlp.models import Usage
from qlp.models._base import Frozen


class Image(Frozen):
    """A picture inside a message."""

    media_type: Literal["image/png", "image/jpeg", "image/webp", "image/gif"]
    data: str
    """base64."""


class ToolCall(Frozen):
    """A call that the model asks for."""

    id: str
    name: str
    arguments: str
    """JSON as the model wrote it; it may not parse."""


class Message(Frozen):
    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    images: tuple[Image, ...] = ()
    """Of a `user` message."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an `assistant` message."""
    tool_call_id: str | None = None
    """Of a `tool` message: the call that it answers."""
    cache: bool = False
    """The prompt up to here will come again: worth a place in the provider's prompt cache, where it must be asked."""


class Tool(Frozen):
    """A function that the model may call."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    """JSON Schema of its arguments."""


class OutputSchema(Frozen):
    """The answer is to be a JSON value of this schema."""

    name: str = "answer"
    schema_: dict[str, Any] = Field(alias="schema")


class TokenLogprob(Frozen):
    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()
    """The likeliest tokens at this place with their log-probabilities."""


class Fallback(Frozen):
    """A model that was asked before the one that answered, and why it did not."""

    model: str
    reason: Literal["rate_limit", "context_length", "content_policy", "outage", "hedged"]
    detail: str = ""


class Completion(Frozen):
    """Answer of a model. Tuples have one entry a sample; `cut[i]` says that sample i hit the token limit."""

    texts: tuple[str, ...]
    """Empty text where a sample only calls tools."""
    cut: tuple[bool, ...]
    model: str
    """`provider:model` that answered."""
    usage: Usage
    tool_calls: tuple[tuple[ToolCall, ...], ...] = ()
    """Empty if no tools were offered."""
    logprobs: tuple[tuple[TokenLogprob, ...], ...] = ()
    """Empty if they were not asked for, or the server has none."""
    fallbacks: tuple[Fallback, ...] = ()
    cached: bool = False
    """Read from QLP's own response cache: it cost nothing."""


class Delta(Frozen):
    """A piece of a streamed answer. The last one carries the whole `completion`, and nothing else."""

    sample: int = 0
    text: str = ""
    completion: Completion | None = None


class ChatOptions(Frozen):
    n: int = 1
    temperature: float = 0.2
    top_p: float | None = None
    max_tokens: int = 4096
    """Of one sample, reasoning included."""
    stop: tuple[str, ...] = ()
    seed: int | None = None
    """Of the first sample; the next ones count up."""
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the tool to call."""
    output: OutputSchema | None = None
    logprobs: int | None = None
    """Alternatives to report for each token, 0 for the chosen token alone; None for none."""
    timeout_s: float = 120.0
    """Deadline of the whole call, retries included."""
    extra_body: dict[str, object] = {}
    """Fields passed through as they are, such as top_k."""


class Provider(Protocol):
    """Chat completion with one model. Deadlines, retries (Retry-After honoured) and the breaker live inside.

    What a model cannot do (images, tools, log-probabilities) is refused: ProviderError with reason `unsupported`.
    """

    @property
    def name(self) -> str:
        """`provider:model`."""

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """Raises ProviderError or a subclass; never returns an empty `texts`."""


class StreamingProvider(Provider, Protocol):
    """A provider that is called directly: by the facade, not from a durable step."""

    def stream(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> AsyncIterator[Delta]:
        """The same answer in pieces. A fault before the first piece is retried, after it it is the caller's.

        Raises what `complete` raises.
        """

"""What a model provider is: the contract that every provider keeps (tests/contract/test_providers.py)."""

from __future__ import annotations

from typing import Literal, Protocol

from qlp.models import Usage
from qlp.models._base import Frozen


class Message(Frozen):
    role: Literal["system", "user", "assistant"]
    content: str


class Completion(Frozen):
    """Answer of a model. `texts` has one entry a sample; `cut[i]` says that sample i hit the token limit."""

    texts: tuple[str, ...]
    cut: tuple[bool, ...]
    model: str
    """`provider:model` that answered."""
    usage: Usage


class ChatOptions(Frozen):
    n: int = 1
    temperature: float = 0.2
    max_tokens: int = 4096
    timeout_s: float = 120.0
    """Deadline of the whole call, retries included."""
    extra_body: dict[str, object] = {}


class Provider(Protocol):
    """Chat completion over one endpoint. Deadlines, retries (Retry-After honoured) and the breaker live inside."""

    @property
    def name(self) -> str:
        """`provider:model`."""

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        """Raises ProviderError or a subclass; never returns an empty `texts`."""

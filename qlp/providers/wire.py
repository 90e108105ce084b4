"""The seam between what all providers share (chat.py) and what is special to one: its wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from qlp.models._base import Frozen
from qlp.providers.protocol import ChatOptions, Message
from qlp.providers.reply import Reply


class Bounds(Frozen):
    """Ceilings of one call besides its deadline."""

    max_bytes: int = 16_777_216
    """Largest body of one HTTP answer, and largest content of a streamed one; n long samples fit, an endless one does
    not."""
    parallel: int = 8
    """Requests at the same time where the server has no `n`."""
    connect_s: float = 10.0
    chars_per_token: int = 32
    """A text of more characters than `max_tokens` times this did not keep the limit, and is cut there."""


@dataclass(frozen=True)
class Ask:
    """One HTTP request: `n` samples, of which the first is number `sample` of the whole call."""

    messages: tuple[Message, ...]
    options: ChatOptions
    key: str
    """Idempotency key of this request."""
    n: int = 1
    sample: int = 0

    @property
    def seed(self) -> int | None:
        """Parallel requests with one seed would give the same sample n times, so the seed moves with the index."""
        return None if self.options.seed is None else self.options.seed + self.sample


@dataclass(frozen=True)
class Piece:
    """Text of a streamed answer, as it comes in; `sample` counts within the request."""

    text: str
    sample: int = 0


class Wire(Protocol):
    """How one model is asked once: fields, framing, faults. It knows no retry, no breaker and no deadline.

    Every fault of a request leaves as `Faulted`; other exceptions are bugs.
    """

    takes_n: bool
    """Whether one request gives n samples; set to False when the server turns out to ignore it."""

    async def ask(self, ask: Ask) -> Reply: ...

    def stream(self, ask: Ask) -> AsyncGenerator[Piece | Reply, None]:
        """Pieces, and at last the Reply that they add up to."""

    async def aclose(self) -> None: ...

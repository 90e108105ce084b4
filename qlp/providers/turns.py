"""Messages as turns of content blocks, as Anthropic and Bedrock take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qlp.providers.protocol import Message

Block = dict[str, Any]
_MARKS = 4
"""Most places in a prompt that may ask for the prompt cache, at either provider."""


def turns(
    messages: tuple[Message, ...],
    blocks_of: Callable[[Message], list[Block]],
    mark: Callable[[list[Block]], list[Block]],
) -> tuple[list[Block], list[dict[str, Any]]]:
    """System blocks, and turns that alternate: neighbours of one role become one turn, results of tools are the
    user's. `mark` puts the cache mark behind blocks."""
    marked = [i for i, m in enumerate(messages) if m.cache][-_MARKS:]
    system: list[Block] = []
    found: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        blocks = blocks_of(message)
        if blocks and index in marked:
            blocks = mark(blocks)
        if message.role == "system":
            system += blocks
        elif blocks:
            role = "assistant" if message.role == "assistant" else "user"
            if found and found[-1]["role"] == role:
                found[-1]["content"] += blocks
            else:
                found.append({"role": role, "content": blocks})
    return system, found

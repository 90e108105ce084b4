"""The agent's messages, as they are sent: shortened where they grow too long, marked where they repeat."""

from __future__ import annotations

from collections.abc import Sequence

from qlp.providers.protocol import Message

HISTORY_CHARS = 240_000
"""Of all messages; beyond it the oldest observations are shortened."""
_OLD_CHARS = 400


def fitting(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The history, with the oldest observations shortened as far as it takes. The first two messages always stay."""
    over = sum(len(m.content) for m in messages) - HISTORY_CHARS
    kept = list(messages)
    for i in range(2, len(kept) - 4):
        if over <= 0:
            break
        text = kept[i].content
        if len(text) > 2 * _OLD_CHARS:
            short = f"{text[:_OLD_CHARS]}\n[... left out, it is long ago ...]\n{text[-_OLD_CHARS:]}"
            over -= len(text) - len(short)
            kept[i] = kept[i].model_copy(update={"content": short})
    return tuple(kept)


def worth_caching(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The next step sends all of this again: marked at the end of the task, which never changes, and at the end."""
    marks = {1, len(messages) - 1}
    return tuple(m.model_copy(update={"cache": True}) if i in marks else m for i, m in enumerate(messages))

"""Whether a program can be run without anything from outside: only then may a `run` command be guessed."""

from __future__ import annotations

from collections.abc import Iterable


def runs_alone(text: str, outside: Iterable[str]) -> bool:
    """False where the source names something that reads arguments, input, the network, or waits for somebody."""
    return not any(word in text for word in outside)

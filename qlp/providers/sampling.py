"""Temperature and top_p where a server has both, one or none of them, and says so only by refusing."""

from __future__ import annotations

from qlp.providers.protocol import ChatOptions

_LARGEST = 1.0
"""Largest temperature that Anthropic and Bedrock take."""


class Sampling:
    """What one model is known to take; learned from its refusals and kept for the process."""

    def __init__(self) -> None:
        self._dropped: set[str] = set()

    def fields(self, options: ChatOptions) -> dict[str, float]:
        """`temperature` and `top_p`, as far as they are asked for and taken."""
        asked = {"temperature": min(options.temperature, _LARGEST)}
        if options.top_p is not None:
            asked["top_p"] = options.top_p
        return {name: value for name, value in asked.items() if name not in self._dropped}

    def learn(self, status: int, said: str) -> None:
        """Of two that exclude each other the temperature stays."""
        if status != 400:
            return
        if ("top_p" in said or "topP" in said) and "top_p" not in self._dropped:
            self._dropped.add("top_p")
        elif "temperature" in said:
            self._dropped.add("temperature")

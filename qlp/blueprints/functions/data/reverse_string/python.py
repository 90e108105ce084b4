"""Reversal of texts."""


def reverse_string(text: str) -> str:
    """Return `text` with its characters (code points) in reverse order."""
    return text[::-1]

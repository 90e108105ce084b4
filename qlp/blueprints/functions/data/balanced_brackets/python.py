"""Balanced brackets."""

_OPENING = {")": "(", "]": "[", "}": "{"}


def balanced_brackets(text: str) -> bool:
    """Return True if every bracket of (), [] and {} is closed in the right order."""
    open_brackets: list[str] = []
    for character in text:
        if character in "([{":
            open_brackets.append(character)
        elif character in _OPENING and (
            not open_brackets or open_brackets.pop() != _OPENING[character]
        ):
            return False
    return not open_brackets

"""The Caesar cipher (a toy: it protects nothing)."""


def _shifted(character: str, shift: int) -> str:
    if "a" <= character <= "z":
        base = ord("a")
    elif "A" <= character <= "Z":
        base = ord("A")
    else:
        return character
    return chr((ord(character) - base + shift) % 26 + base)


def caesar_encode(text: str, shift: int) -> str:
    """Shift each of the letters a-z and A-Z by `shift` places; everything else stays."""
    return "".join(_shifted(character, shift) for character in text)


def caesar_decode(text: str, shift: int) -> str:
    """Undo `caesar_encode` with the same shift."""
    return caesar_encode(text, -shift)

"""ROT13."""

import string

_TABLE = str.maketrans(
    string.ascii_lowercase + string.ascii_uppercase,
    string.ascii_lowercase[13:]
    + string.ascii_lowercase[:13]
    + string.ascii_uppercase[13:]
    + string.ascii_uppercase[:13],
)


def rot13(text: str) -> str:
    """Shift the letters a-z and A-Z by 13 places; applied twice it gives the text back."""
    return text.translate(_TABLE)

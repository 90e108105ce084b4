"""Palindromes."""


def is_palindrome(text: str) -> bool:
    """Return True if the letters and digits of `text` read the same backwards.

    Case, spaces and punctuation are ignored; a text without letters or digits is a palindrome.
    """
    characters = [c for c in text.casefold() if c.isalnum()]
    return characters == characters[::-1]

"""Text of any kind to tokens: linear time, never raises."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_CHARS = 32_000

_TOKEN = re.compile(
    r"\w+-(?:in|out|up|on|off|by)\b|\w+\.(?:csv|jsonl?|ndjson)\b|c\+\+|[cf]#|vb\.net|asp\.net|\.net\b|(?:node|vue|next|nest|express|socket)\.js|fly\.io|socket\.io|net/http|e\.g\.|i\.e\.|etc\."
    r"|\d+(?:\.\d+)+|[^\W_]\w*(?:['][^\W\d_]+)?|\n|[^\w\s]",
    re.IGNORECASE,
)
_DATA_FILES = frozenset({"csv", "json", "jsonl", "ndjson"})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, line break or punctuation mark."""

    text: str
    low: str
    word: bool
    glued: bool = False
    """A hyphen joins it to the token before."""


_PLAIN = str.maketrans(
    {"\u2013": "-", "\u2014": "-", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2022": "*"}
)
"""Typographic dashes, quotes and bullets as a keyboard has them."""


def clean(text: str) -> str:
    """Compatibility-normalised, control characters turned to spaces, cut to MAX_CHARS."""
    normal = unicodedata.normalize("NFKC", text[:MAX_CHARS])[:MAX_CHARS].translate(_PLAIN)
    return "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else " " for c in normal)


def tokenise(text: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    glued = False
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if piece == "-" and _glued(text, match.start()):
            glued = True
            continue
        if "." in piece and piece.rpartition(".")[2].lower() in _DATA_FILES:
            # `sales.csv` says two things: what the rows are, and how they are written.
            tokens += [Token(part, part.lower(), True) for part in piece.split(".") if part]
            continue
        low = piece.lower()
        for ending in ("'s", "'"):
            if low.endswith(ending) and len(low) > len(ending):
                piece, low = piece[: -len(ending)], low[: -len(ending)]
        tokens.append(Token(piece, low, any(c.isalnum() for c in low), glued))
        glued = False
    return tuple(tokens)


def _glued(text: str, index: int) -> bool:
    """A hyphen inside a word: `real-time` reads like `real time`."""
    return 0 < index < len(text) - 1 and text[index - 1].isalnum() and text[index + 1].isalnum()


def phrase_key(phrase: str) -> tuple[str, ...]:
    """A phrase of the vocabulary as the tokeniser would see it."""
    return tuple(t.low for t in tokenise(phrase) if t.word)


def ascii_words(text: str) -> tuple[str, ...]:
    """Lower-case ASCII words of a name: accents dropped, camelCase and snake_case split."""
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", text)).encode("ascii", "ignore").decode()
    return tuple(re.findall(r"[a-z0-9]+", plain.lower()))

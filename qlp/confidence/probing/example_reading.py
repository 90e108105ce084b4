"""One example from its place in a text: what is expected there, as a literal."""

from __future__ import annotations

import re
from typing import Any, Literal, cast

from qlp.confidence.probing import wire
from qlp.confidence.probing.literals import NoLiteralError, read
from qlp.confidence.probing.models import Example

Wrap = Literal["", "set", "sorted", "len", "list", "tuple"]
Found = tuple[int, Example]
"""Where it stands, and what it says."""


def expected_at(
    text: str, start: int, at: int, arguments: list[Any], wrap: str = "", digits: int | None = None
) -> Example | None:
    """The example that begins at `start` and whose result is written at `at`; None where no literal is."""
    at = skip_spaces(text, at)
    chain = re.compile(r"(?:[-+*/() \t\d.]|\*\*)+=[ \t]*(?=[-\d\[('\"])").match(text, at)
    for begin in ([chain.end()] if chain else []) + [at]:  # `-> 19 - 5 - 6 = 8`
        try:
            value, end = read(text, begin)
        except NoLiteralError:
            continue
        if end < len(text) and (text[end].isalnum() or text[end] in "_'\"[{"):
            continue
        bracketed = text[begin] == "(" and not isinstance(value, tuple)
        return example_of(text, start, end, arguments, value, wrap, digits, bracketed=bracketed)
    return None


def example_of(
    text: str,
    start: int,
    end: int,
    arguments: list[Any],
    value: Any,
    wrap: str = "",
    digits: int | None = None,
    *,
    bracketed: bool = False,
) -> Example | None:
    try:
        return Example(
            arguments=tuple(wire.encode(a) for a in arguments),
            expected=wire.encode(value),
            also=(wire.encode((value,)),) if bracketed else (),
            text=" ".join(text[start:end].split())[:300],
            digits=digits,
            wrap=cast(Wrap, wrap),
        )
    except TypeError:
        return None


def skip_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at

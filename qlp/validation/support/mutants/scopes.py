"""Brackets that belong together, and the function that a token stands in."""

from __future__ import annotations

from collections.abc import Callable

from .tokens import Token
from .words import HEADERS, KEYWORDS, PAIRS

_NONE = Token("op", "", 0, 0)


def brackets(code: list[Token]) -> dict[int, int]:
    """Index of each opening bracket -> index of the one that closes it."""
    close: dict[int, int] = {}
    waiting: list[tuple[str, int]] = []
    for index, token in enumerate(code):
        if token.kind != "op":
            continue
        if token.text in PAIRS:
            waiting.append((PAIRS[token.text], index))
        elif waiting and token.text == waiting[-1][0]:
            close[waiting.pop()[1]] = index
    return close


def function_names(code: list[Token], close: dict[int, int], language: str, line: Callable[[int], int]) -> list[str]:
    """For each token the name of the function around it, as its nearest header says; empty at the top level."""
    if language in HEADERS:
        return _last_seen(code, close, HEADERS[language])
    opened = {end: start for start, end in close.items() if code[start].text == "("}
    names: list[str] = []
    scopes: list[tuple[int, str]] = []
    for index, token in enumerate(code):
        while scopes and index > scopes[-1][0]:
            scopes.pop()
        names.append(scopes[-1][1] if scopes else "")
        if token.text == "{" and token.kind == "op" and index in close:
            name = _header(code, index, opened, line)
            if name:
                scopes.append((close[index], name))
    return names


def _header(code: list[Token], body: int, opened: dict[int, int], line: Callable[[int], int]) -> str:
    """The name in `name(...) ... {`; empty for `if (...) {` and its like."""
    for index in range(body - 1, max(-1, body - 12), -1):
        token = code[index]
        if token.text in (";", "{", "}"):
            return ""
        if index in opened:
            name = code[opened[index] - 1] if opened[index] else _NONE
            if name.kind == "word" and name.text not in KEYWORDS:
                return name.text
            if name.text in ("function", "func") or any(t.text == "=>" for t in code[index:body]):
                return f"line {line(token.start)}"
            if name.text not in (")", "]", ">"):
                return ""
    return ""


def _last_seen(code: list[Token], close: dict[int, int], keyword: str) -> list[str]:
    names: list[str] = []
    name = ""
    for index, token in enumerate(code):
        if index and code[index - 1].text == keyword:
            if token.kind == "word":
                name = token.text
            elif index in close and close[index] + 1 < len(code):  # the receiver of a Go method
                name = code[close[index] + 1].text
        names.append(name)
    return names

"""Literal values as people write them in requests, read without evaluating anything.

Python, JSON and JavaScript notations; arithmetic of plain numbers (`19 - 5 - 6`) is worked out. What is no literal (a
name, a call) is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

_WORDS: dict[str, Any] = {
    "None": None, "null": None, "nil": None, "undefined": None, "True": True, "true": True, "TRUE": True,
    "False": False, "false": False, "FALSE": False, "NaN": math.nan, "Infinity": math.inf, "inf": math.inf,
}  # fmt: skip
_EMPTY: dict[str, Callable[[], Any]] = {"set": set, "frozenset": set, "list": list, "dict": dict, "tuple": tuple}
_CALLS = (*_EMPTY, "Counter", "OrderedDict")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "\n": ""}
_CLOSERS = {"[": "]", "(": ")", "{": "}"}
_GO_TYPE = re.compile(r"(?:\[\d*\])+\*?[A-Za-z_][\w.]*(?=\{)|map\[\w+\][\w\[\]]+(?=\{)")
_DEPTH = 30


class NoLiteralError(ValueError):
    """What stands there is no literal."""


def read(text: str, start: int = 0) -> tuple[Any, int]:
    """The literal that begins at `start` (after spaces), and where it ends. Raises NoLiteralError."""
    return _Reader(text).sum(_blank(text, start), 0)


def read_all(text: str) -> Any:
    """A text that is one literal and nothing else. Raises NoLiteralError."""
    value, end = read(text)
    if text[end:].strip():
        raise NoLiteralError(text[end : end + 20])
    return value


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def sum(self, at: int, depth: int) -> tuple[Any, int]:
        value, at = self.product(at, depth)
        while self._is_number(value):
            sign = _blank(self.text, at)
            if self.text[sign : sign + 1] not in ("+", "-") or self.text[sign : sign + 2] in ("->", "--", "++"):
                break
            try:
                more, after = self.product(_blank(self.text, sign + 1), depth)
            except NoLiteralError:
                break
            if not self._is_number(more):
                break
            value, at = (value + more if self.text[sign] == "+" else value - more), after
        return value, at

    def product(self, at: int, depth: int) -> tuple[Any, int]:
        value, at = self.signed(at, depth)
        while self._is_number(value):
            sign = _blank(self.text, at)
            operator = next((o for o in ("**", "//", "*", "/") if self.text.startswith(o, sign)), None)
            if operator is None:
                break
            try:
                more, after = self.signed(_blank(self.text, sign + len(operator)), depth)
            except NoLiteralError:
                break
            if not self._is_number(more) or (operator in ("/", "//") and not more) or abs(more) > 1e6:
                break
            if operator == "**" and (abs(value) > 1000 or not 0 <= more <= 100):
                break
            value = {"**": lambda a, b: a**b, "//": lambda a, b: a // b, "*": lambda a, b: a * b}.get(
                operator, lambda a, b: a / b
            )(value, more)
            at = after
        return value, at

    @staticmethod
    def _is_number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    def signed(self, at: int, depth: int) -> tuple[Any, int]:
        if at < len(self.text) and self.text[at] in "+-":
            value, end = self.signed(_blank(self.text, at + 1), depth + 1)
            if not self._is_number(value):
                raise NoLiteralError(self.text[at : at + 20])
            return (-value if self.text[at] == "-" else value), end
        return self.atom(at, depth)

    def atom(self, at: int, depth: int) -> tuple[Any, int]:
        text = self.text
        if at >= len(text) or depth > _DEPTH:
            raise NoLiteralError("end")
        char = text[at]
        if char in "'\"`":
            return self.string(at)
        if go := _GO_TYPE.match(text, at):
            value, end = self.atom(go.end(), depth)
            return (list(value) if isinstance(value, set) else [] if value == {} and "map" not in go[0] else value), end
        if char in "[({":
            return self.collection(at, depth + 1)
        if found := _NUMBER.match(text, at):
            return self.number(found), found.end()
        if found := _NAME.match(text, at):
            word, end = found[0], found.end()
            if word.lower() in ("r", "b", "u", "f", "rb", "br") and text[end : end + 1] in ("'", '"'):
                value, after = self.string(end, raw="r" in word.lower())
                return (value.encode() if "b" in word.lower() else value), after
            if word in _EMPTY and text.startswith("()", end):
                return _EMPTY[word](), end + 2
            if word in _CALLS and text.startswith("(", end):
                inner, after = self.atom(_blank(text, end + 1), depth + 1)
                after = _blank(text, after)
                if after < len(text) and text[after] == ")":
                    return self.converted(word, inner), after + 1
            attribute = text[end : end + 1] == "." and text[end + 1 : end + 2].isalnum()
            if word in _WORDS and not text.startswith("(", end) and not attribute:
                return _WORDS[word], end
        raise NoLiteralError(text[at : at + 20])

    @staticmethod
    def converted(word: str, inner: Any) -> Any:
        try:
            match word:
                case "set" | "frozenset":
                    return set(inner)
                case "list":
                    return list(inner)
                case "tuple":
                    return tuple(inner)
                case _:
                    return dict(inner)
        except (TypeError, ValueError) as error:
            raise NoLiteralError(word) from error

    @staticmethod
    def number(found: re.Match[str]) -> int | float:
        text = found[0].replace("_", "")
        try:
            return int(text, 0)
        except ValueError:
            pass
        try:
            return int(text) if text.isdigit() else float(text)
        except ValueError as error:
            raise NoLiteralError(text) from error

    def string(self, at: int, *, raw: bool = False) -> tuple[str, int]:
        text = self.text
        quote = text[at : at + 3] if text[at : at + 3] in ("'''", '"""') else text[at]
        end = at + len(quote)
        while end < len(text) and not text.startswith(quote, end):
            if len(quote) == 1 and text[end] == "\n" and quote != "`":
                raise NoLiteralError("a line ends within quotes")
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            raise NoLiteralError("no end of quotes")
        inner = text[at + len(quote) : end]
        return (inner if raw else _ESCAPE.sub(_unescaped, inner)), end + len(quote)

    def collection(self, at: int, depth: int) -> tuple[Any, int]:
        text, opener = self.text, self.text[at]
        closer = _CLOSERS[opener]
        values: list[Any] = []
        keys: list[Any] = []
        comma = False
        at = _blank(text, at + 1)
        while True:
            if at >= len(text):
                raise NoLiteralError("no end of brackets")
            if text[at] == closer:
                break
            if values and not comma:
                raise NoLiteralError(text[at : at + 20])
            name = _NAME.match(text, at) if opener == "{" else None
            if name and text[_blank(text, name.end()) : _blank(text, name.end()) + 1] == ":" and name[0] not in _WORDS:
                value, at = name[0], name.end()  # {key: 1} of JavaScript
            else:
                value, at = self.sum(at, depth)
            at = _blank(text, at)
            if opener == "{" and at < len(text) and text[at] == ":":
                keys.append(value)
                value, at = self.sum(_blank(text, at + 1), depth)
                at = _blank(text, at)
            values.append(value)
            comma = at < len(text) and text[at] == ","
            if comma:
                at = _blank(text, at + 1)
        return self.built(opener, keys, values, comma), at + 1

    @staticmethod
    def built(opener: str, keys: list[Any], values: list[Any], comma: bool) -> Any:
        if opener == "[":
            return values
        if opener == "(":
            return values[0] if len(values) == 1 and not comma else tuple(values)
        if keys and len(keys) != len(values):
            raise NoLiteralError("neither a set nor a dictionary")
        try:
            return dict(zip(keys, values, strict=True)) if keys else set(values) if values else {}
        except TypeError as error:
            raise NoLiteralError(str(error)) from error


def _unescaped(found: re.Match[str]) -> str:
    body = found[1]
    if body[0] in "xuU" and len(body) > 1:
        code = int(body[1:], 16)
        return chr(code) if code <= 0x10FFFF else found[0]
    if body[0] in "01234567":
        return chr(int(body, 8))
    return _SIMPLE.get(body, body if body in "\\'\"`" else found[0])

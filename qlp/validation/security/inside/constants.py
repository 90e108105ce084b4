"""Arithmetic and string methods on values that are constant, so that branches which are never taken are left out."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from .values import UNKNOWN, Value

_LONGEST = 10_000
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "%": operator.mod,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&": operator.and_,
    "|": operator.or_,
}


def binary(op: str, left: Value, right: Value) -> Any:
    """The constant that the operation gives, or UNKNOWN."""
    if not (left.known and right.known):
        return UNKNOWN
    a, b = left.const, right.const
    if op in ("==", "===", "is"):
        return a == b if type(a) is type(b) or a is None or b is None else UNKNOWN
    if op in ("!=", "!==", "is not"):
        return a != b if type(a) is type(b) or a is None or b is None else UNKNOWN
    if op == "in" and isinstance(a, str) and isinstance(b, str):
        return a in b
    if isinstance(a, str) != isinstance(b, str) or a is None or b is None:
        return UNKNOWN
    if isinstance(a, str) and op not in ("<", "<=", ">", ">="):
        return UNKNOWN
    if op in ("/", "//") and b and isinstance(a, int) and isinstance(b, int):
        return a // b
    if op in _ARITHMETIC and abs(_size(a)) < 1e12 and abs(_size(b)) < 1e12:
        try:
            return _ARITHMETIC[op](a, b)
        except (TypeError, ValueError, ZeroDivisionError):
            return UNKNOWN
    return UNKNOWN


def _size(value: Any) -> float:
    return value if isinstance(value, int | float) else 0


def method(name: str, this: Value, args: list[Value]) -> Any:
    """A method of a constant string with constant arguments, or UNKNOWN."""
    text = this.const
    if not isinstance(text, str) or not all(a.known for a in args) or len(text) > _LONGEST:
        return UNKNOWN
    given = [a.const for a in args]
    try:
        if name in ("charAt", "char_at") and isinstance(given[0], int):
            return text[given[0]]
        if name in ("substring", "substr", "slice") and given and all(isinstance(g, int) and g >= 0 for g in given):
            return text[given[0] : given[1]] if len(given) > 1 else text[given[0] :]
        if name in ("lower", "toLowerCase", "downcase", "ToLower"):
            return text.lower()
        if name in ("upper", "toUpperCase", "upcase", "ToUpper"):
            return text.upper()
        if name in ("strip", "trim", "Trim"):
            return text.strip()
        if name in ("equals", "Equals", "eql?"):
            return text == given[0]
        if name in ("length", "len", "size") and not given:
            return len(text)
        if name == "replace" and len(given) == 2 and all(isinstance(g, str) for g in given):
            return text.replace(*given)
        if name == "format" and not re.search(r"\{[^}]*[^\d}]", text):
            return text.format(*given)
    except (IndexError, TypeError, ValueError, KeyError):
        return UNKNOWN
    return UNKNOWN

"""Values on their way into and out of the sandbox: tagged JSON, the same in every language.

null, true, "text", ["i","12"], ["f","0.5"], ["l",...], ["t",...], ["S",...], ["d",[k,v],...], ["B",hex]; of results
also ["o",type,text] for what has no other form and ["h",sha256] for what is too large. Nothing that comes back is
turned into objects: it is compared as it is.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from qlp.confidence.probing.models import Wire

_DEPTH = 40


def encode(value: Any) -> Wire:
    """Raises TypeError for what is no plain data."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return ["i", str(value)]
    if isinstance(value, float):
        return ["f", repr(value)]
    if isinstance(value, list):
        return ["l", *(encode(v) for v in value)]
    if isinstance(value, tuple):
        return ["t", *(encode(v) for v in value)]
    if isinstance(value, set | frozenset):
        return ["S", *sorted((encode(v) for v in value), key=json.dumps)]
    if isinstance(value, dict):
        return ["d", *([encode(k), encode(v)] for k, v in value.items())]
    if isinstance(value, bytes):
        return ["B", value.hex()]
    raise TypeError(type(value).__name__)


def decode(wire: Wire) -> Any:
    """The value of something that we encoded ourselves; never used on what came out of a sandbox."""
    if not isinstance(wire, list):
        return wire
    tag, *rest = wire
    match tag:
        case "i":
            return int(rest[0])
        case "f":
            return float(rest[0])
        case "l":
            return [decode(v) for v in rest]
        case "t":
            return tuple(decode(v) for v in rest)
        case "S":
            return {decode(v) for v in rest}
        case "d":
            return {decode(k): decode(v) for k, v in rest}
        case "B":
            return bytes.fromhex(rest[0])
    raise ValueError(f"no such tag: {tag!r}")


def valid(wire: Any, depth: int = _DEPTH) -> bool:
    """Whether something that came out of a sandbox has the form of a value; what has not is no answer."""
    if wire is None or isinstance(wire, bool | str):
        return True
    if depth < 0 or not isinstance(wire, list) or not wire or not isinstance(wire[0], str):
        return False
    tag, *rest = wire
    match tag:
        case "i" | "f":
            return len(rest) == 1 and isinstance(rest[0], str) and _NUMBER.fullmatch(rest[0]) is not None
        case "l" | "t" | "S":
            return all(valid(v, depth - 1) for v in rest)
        case "d":
            return all(isinstance(p, list) and len(p) == 2 and all(valid(v, depth - 1) for v in p) for p in rest)
        case "B" | "o" | "h":
            return all(isinstance(v, str) for v in rest)
    return False


_NUMBER = re.compile(r"-?(?:\d{1,2000}|\d{0,400}\.?\d{0,400}(?:[eE][+-]?\d{1,4})?|inf|nan)")


def kind(wire: Wire) -> str:
    """`none`, `bool`, `str`, `int`, `float`, `list`, `tuple`, `set`, `dict`, `bytes`, `object`, `large` or `bad`."""
    if wire is None:
        return "none"
    if isinstance(wire, bool):
        return "bool"
    if isinstance(wire, str):
        return "str"
    if isinstance(wire, list) and wire and isinstance(wire[0], str):
        return _KINDS.get(wire[0], "bad")
    return "bad"


_KINDS = {
    "i": "int", "f": "float", "l": "list", "t": "tuple", "S": "set", "d": "dict", "B": "bytes", "o": "object",
    "h": "large",
}  # fmt: skip


def number(wire: Wire) -> float | None:
    """The number that a wire value is, with Python's view that True is 1; None for anything else."""
    if isinstance(wire, bool):
        return float(wire)
    if kind(wire) in ("int", "float") and len(wire) == 2 and isinstance(wire[1], str):
        try:
            return float(wire[1])
        except (ValueError, OverflowError):
            return None
    return None


def items(wire: Wire) -> list[Wire]:
    """The elements of a sequence or set; empty for anything else."""
    return list(wire[1:]) if kind(wire) in ("list", "tuple", "set") else []


def same(expected: Wire, got: Wire, *, loose: bool = False, digits: int | None = None, depth: int = _DEPTH) -> bool:
    """Whether a result is the one expected: as `==` in Python, floats within 1e-6 of each other.

    `loose`: lists and tuples are the same, and so are None and a missing value (languages that have one of them).
    """
    if depth < 0:
        return False
    a, b = number(expected), number(got)
    if a is not None and b is not None:
        return _close(a, b, digits) if "float" in (kind(expected), kind(got)) else _exact(expected) == _exact(got)
    if a is not None or b is not None:
        return False
    left, right = kind(expected), kind(got)
    if loose and {left, right} <= {"list", "tuple"}:
        left = right = "list"
    if left != right or left == "bad":
        return False
    if left in ("list", "tuple"):
        return len(expected) == len(got) and all(
            same(x, y, loose=loose, digits=digits, depth=depth - 1) for x, y in zip(expected[1:], got[1:], strict=True)
        )
    if left == "dict":
        return _same_pairs(expected[1:], got[1:], loose, digits, depth - 1)
    if left == "set":
        return sorted(map(canonical, expected[1:])) == sorted(map(canonical, got[1:]))
    return bool(expected == got)


def _same_pairs(expected: list[Any], got: list[Any], loose: bool, digits: int | None, depth: int) -> bool:
    if len(expected) != len(got) or not all(isinstance(p, list) and len(p) == 2 for p in got):
        return False
    there = {canonical(k): v for k, v in got}
    return len(there) == len(expected) and all(
        canonical(k) in there and same(v, there[canonical(k)], loose=loose, digits=digits, depth=depth)
        for k, v in expected
    )


def _close(a: float, b: float, digits: int | None) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if digits is not None:
        return bool(abs(a - b) <= 0.51 * 10.0**-digits)
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)


def _exact(wire: Wire) -> str:
    return str(int(wire)) if isinstance(wire, bool) else str(wire[1])


def canonical(wire: Wire, depth: int = _DEPTH, *, loose: bool = False) -> str:
    """Equal results have one text: True is 1, 2.0 is 2, floats have nine digits, pairs and sets are sorted."""
    if depth < 0:
        return "deep"
    value = number(wire)
    if value is not None:
        if math.isfinite(value) and kind(wire) == "float":
            return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.9g}"
        return _exact(wire) if math.isfinite(value) else str(value)
    if wire is None or isinstance(wire, str):
        return json.dumps(wire)
    if not isinstance(wire, list) or not wire:
        return "bad"
    match wire[0]:
        case "l" | "t":
            tag = "l" if loose else wire[0]
            return f"{tag}[" + ",".join(canonical(v, depth - 1, loose=loose) for v in wire[1:]) + "]"
        case "S":
            return "S[" + ",".join(sorted(canonical(v, depth - 1, loose=loose) for v in wire[1:])) + "]"
        case "d":
            pairs = [v for v in wire[1:] if isinstance(v, list) and len(v) == 2]
            texts = (":".join(canonical(one, depth - 1, loose=loose) for one in pair) for pair in pairs)
            return "d[" + ",".join(sorted(texts)) + "]"
    return json.dumps(wire, sort_keys=True)


def digest(wire: Wire, *, loose: bool = False) -> str:
    """Of the canonical form: equal exactly for equal results. `loose`: a tuple is a list."""
    text = canonical(wire, loose=loose)
    return text if len(text) <= 40 else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def show(wire: Wire, limit: int = 200) -> str:
    """For messages: as Python would write it, cut."""
    text = _shown(wire)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _shown(wire: Wire) -> str:
    match kind(wire):
        case "none" | "bool" | "str":
            return repr(wire)
        case "int" | "float":
            return str(wire[1])
        case "list":
            return "[" + ", ".join(map(_shown, wire[1:])) + "]"
        case "tuple":
            return "(" + ", ".join(map(_shown, wire[1:])) + ("," if len(wire) == 2 else "") + ")"
        case "set":
            return "{" + ", ".join(map(_shown, wire[1:])) + "}" if len(wire) > 1 else "set()"
        case "dict":
            return "{" + ", ".join(_pair(p) for p in wire[1:]) + "}"
        case "object":
            return f"<{wire[1]}>" if len(wire) > 1 else "<object>"
        case "large":
            return "<a large result>"
    return "<no result>"


def _pair(pair: Any) -> str:
    return f"{_shown(pair[0])}: {_shown(pair[1])}" if isinstance(pair, list) and len(pair) == 2 else "?"


def walk(wire: Wire) -> Iterator[Wire]:
    """The value and all values inside it."""
    yield wire
    if isinstance(wire, list) and wire:
        if wire[0] in ("l", "t", "S"):
            for inner in wire[1:]:
                yield from walk(inner)
        elif wire[0] == "d":
            for pair in wire[1:]:
                for inner in pair:
                    yield from walk(inner)

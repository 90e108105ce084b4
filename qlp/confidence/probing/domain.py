"""What inputs of one parameter look like: learned from examples, hints of types and names, and words of the request."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from qlp.confidence.probing.signature import ANY, Hint, Parameter, hint_of

_PLAIN_WORDS = ("abc", "Hello World", "level", "aabbcc", "a1b2", "The quick brown fox", "xyz", "racecar", "AbC", "test")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NEGATIVE = re.compile(r"\b(negative|integers?|signed|below zero)\b", re.I)
_NATURAL = re.compile(r"\b(non-?negative|positive|natural)\b", re.I)


@dataclass(frozen=True)
class Domain:
    """`kind` as in Hint. Numbers lie in [low, high]; strings come from `pool` and `alphabet`; collections have `sizes`
    (fewest, most) and `inner` domains: of elements, by position for tuples of one size, of keys and values of dicts."""

    kind: str
    low: float = -20
    high: float = 60
    pool: tuple[Any, ...] = ()
    alphabet: str = _LETTERS
    sizes: tuple[int, int] = (0, 8)
    inner: tuple[Domain, ...] = ()
    fixed: bool = False
    """A tuple whose size is always the same."""
    seen: tuple[Any, ...] = field(default=(), compare=False)
    """Values of the examples."""


def domain_of(parameter: Parameter, values: list[Any], text: str, *, only: bool = False) -> Domain:
    """Of one parameter: `values` are those of the examples; what they show goes before types, types before the words
    of the request (about the `only` parameter), those before names."""
    hint = parameter.hint
    if hint.kind == "any" and not values:
        hint = (_by_words(text) if only else None) or _by_name(parameter.name)
    pool = tuple(dict.fromkeys(m[1] or m[2] for m in re.finditer(r"'([^'\n]{1,30})'|\"([^\"\n]{1,30})\"", text)))[:40]
    domain = _domain(hint, values, pool)
    if not values and domain.kind in ("int", "float", "list"):
        domain = _without_negatives(domain, text)
    return domain


def _without_negatives(domain: Domain, text: str) -> Domain:
    if _NATURAL.search(text) is None and (domain.kind == "list" or _NEGATIVE.search(text)):
        return domain
    if domain.kind in ("int", "float"):
        return replace(domain, low=0 if "non" in text.lower() else 1)
    return replace(domain, inner=tuple(_without_negatives(d, text) for d in domain.inner))


def _domain(hint: Hint, values: list[Any], pool: tuple[str, ...], depth: int = 0) -> Domain:
    kinds = {_kind(v) for v in values}
    if kinds >= {"int", "float"} or (kinds == {"int"} and hint.kind == "float"):
        kinds = kinds - {"int"} | {"float"}
    if hint.kind == "union" and not values:
        members = [h for h in hint.inner if h.kind != "none"] or [ANY]
        return Domain("union", inner=tuple(_domain(h, [], pool, depth + 1) for h in hint.inner or members))
    if len(kinds) > 1:
        groups = {k: [v for v in values if k in (_kind(v), {"int": "float"}.get(_kind(v)))] for k in sorted(kinds)}
        inner = tuple(_domain(_member(hint, k), g, pool, depth + 1) for k, g in groups.items())
        return Domain("union", inner=inner, seen=tuple(values))
    kind = next(iter(kinds)) if kinds else "int" if hint.kind == "any" else hint.kind
    hint = _member(hint, kind)
    seen = tuple(values)
    match kind:
        case "int" | "float":
            return _numbers(kind, values)
        case "str":
            return _strings(values, pool)
        case "list" | "set" | "tuple":
            return _collection(kind, hint, values, pool, depth)
        case "dict":
            keys = [k for v in values for k in v]
            inside = [x for v in values for x in v.values()]
            wanted = hint.inner if len(hint.inner) == 2 else (Hint("str"), ANY)
            return Domain(
                "dict",
                inner=(_domain(wanted[0], keys, pool, depth + 1), _domain(wanted[1], inside, pool, depth + 1)),
                sizes=_sizes(values),
                seen=seen,
            )
    return Domain(kind, seen=seen)


def _member(hint: Hint, kind: str) -> Hint:
    """Of a union the member of this kind; a hint of another kind says nothing."""
    if hint.kind == "union":
        return next((h for h in hint.inner if h.kind == kind), Hint(kind))
    return hint if hint.kind == kind else Hint(kind)


def _numbers(kind: str, values: list[Any]) -> Domain:
    if not values:
        return Domain(kind, low=-20, high=60)
    least, most = min(values), max(values)
    if least >= 0 and most <= 1 and len(values) > 3:  # zeros and ones, as in a grid
        return Domain(kind, low=0, high=1, seen=tuple(values))
    spread = max(10, min(2 * abs(most), abs(most) + 1000))
    low = -spread if least < 0 else min(least, 1)
    return Domain(kind, low=low, high=max(most, min(spread, 1e15)), seen=tuple(values))


def _strings(values: list[Any], pool: tuple[str, ...]) -> Domain:
    alphabet = "".join(sorted(set("".join(values)))) or _LETTERS
    if not values:
        return Domain("str", pool=(*pool, *_PLAIN_WORDS))
    lengths = [len(v) for v in values]
    return Domain("str", pool=tuple(values), alphabet=alphabet, sizes=(min(lengths), max(lengths)), seen=tuple(values))


def _collection(kind: str, hint: Hint, values: list[Any], pool: tuple[str, ...], depth: int) -> Domain:
    lengths = {len(v) for v in values}
    by_position = kind == "tuple" and ((len(lengths) == 1 and max(lengths) <= 6) or (hint.inner and not hint.rest))
    if by_position:
        count = next(iter(lengths)) if len(lengths) == 1 else len(hint.inner)
        wanted = hint.inner if len(hint.inner) == count and not hint.rest else (ANY,) * count
        columns = [[v[i] for v in values if len(v) == count] for i in range(count)]
        inner = tuple(_domain(h, c, pool, depth + 1) for h, c in zip(wanted, columns, strict=True))
        return Domain(kind, inner=inner, sizes=(count, count), fixed=True, seen=tuple(values))
    elements = [x for v in values for x in v]
    element = hint.inner[0] if hint.inner else ANY
    inside = _domain(element, elements, pool, depth + 1) if depth < 5 else Domain("int")
    return Domain(kind, inner=(inside,), sizes=_sizes(values), seen=tuple(values))


def _sizes(values: list[Any]) -> tuple[int, int]:
    lengths = [len(v) for v in values]
    return (min(lengths), max(lengths)) if lengths else (0, 8)


def _kind(value: Any) -> str:
    return {type(None): "none", bool: "bool", int: "int", float: "float", str: "str", list: "list", tuple: "tuple",
            set: "set", dict: "dict", bytes: "bytes"}.get(type(value), "any")  # fmt: skip


@cache
def _table(name: str) -> tuple[tuple[re.Pattern[str], Hint], ...]:
    text = (files(__package__) / "data" / "parameters.toml").read_text("utf-8")
    rows = tomllib.loads(text)[name]
    return tuple((re.compile(r["pattern"], re.I), hint_of(r["type"])) for r in rows)


def _by_name(name: str) -> Hint:
    return next((hint for pattern, hint in _table("name") if pattern.fullmatch(name)), ANY)


def _by_words(text: str) -> Hint | None:
    return next((hint for pattern, hint in _table("words") if pattern.search(text)), None)

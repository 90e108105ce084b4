"""The boundaries of each parameter: empty, one, many, zero, negative, large, odd characters."""

from __future__ import annotations

import random
from itertools import zip_longest
from typing import Any

from qlp.confidence.probing.domain import Domain
from qlp.confidence.probing.values import hashable, value

_TEXTS = ("", " ", "a", "é ß 中", "AAAA", "a b  c", "12", "-1", "\n")
_BIG = 120
_NONE = object()


def edges(domains: list[Domain], given: list[list[Any]], rng: random.Random) -> list[list[Any]]:
    """Each parameter at its boundaries, the others as in an example or by type; the first of each parameter first."""
    rows = [_boundaries(domain, rng) for domain in domains]
    made = []
    for row in zip_longest(*rows, fillvalue=_NONE):
        for at, edge in enumerate(row):
            if edge is not _NONE:
                base = list(rng.choice(given)) if given else [value(d, rng) for d in domains]
                base[at] = edge
                made.append(base)
    return made


def _boundaries(domain: Domain, rng: random.Random) -> list[Any]:
    match domain.kind:
        case "int":
            big = min(int(domain.high) * 3 + 7, 10**6)
            return [0, 1, big, -1 if domain.low < 0 else 2, 101, 1009, -big if domain.low < 0 else 3]
        case "float":
            return [0.0, 1.0, 0.5, float(domain.high * 2), *([-1.5] if domain.low < 0 else [])]
        case "bool":
            return [True, False]
        case "str":
            known = domain.pool[0] if domain.pool else "abc"
            return [*_TEXTS[:3], (str(known) * 100)[:101], *_TEXTS[3:], str(known).upper()]
        case "list" | "tuple" | "set" if not domain.fixed:
            one = value(domain.inner[0], rng)
            many = [value(domain.inner[0], rng) for _ in range(_BIG)]
            shapes: list[list[Any]] = [[], [one], many, [one, one], [one] * 5, sorted(many[:6], key=repr)]
            if domain.kind == "set":
                return [{v for v in s if hashable(v)} for s in shapes]
            return [tuple(s) for s in shapes] if domain.kind == "tuple" else list(shapes)
        case "dict":
            return [{}]
        case "union":
            return [b for d in domain.inner for b in _boundaries(d, rng)[:2]]
    return []

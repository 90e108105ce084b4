"""One value of a domain, drawn at random."""

from __future__ import annotations

import random
from typing import Any

from qlp.confidence.probing.domain import Domain
from qlp.confidence.probing.texts import changed_text


def value(domain: Domain, rng: random.Random, depth: int = 0) -> Any:
    """One value of a domain."""
    match domain.kind:
        case "int":
            return integer(domain, rng)
        case "float":
            return float(round(rng.uniform(domain.low, domain.high), rng.choice((0, 1, 2, 2))))
        case "bool":
            return rng.random() < 0.5
        case "none":
            return None
        case "str":
            return _text(domain, rng)
        case "bytes":
            return bytes(rng.randrange(256) for _ in range(rng.randrange(6)))
        case "union":
            return value(rng.choice(domain.inner), rng, depth + 1)
        case "tuple" if domain.fixed:
            return tuple(value(d, rng, depth + 1) for d in domain.inner)
        case "list" | "tuple" | "set":
            return _collection(domain, rng, depth)
        case "dict":
            keys = [value(domain.inner[0], rng, depth + 1) for _ in range(_size(domain, rng))]
            return {k: value(domain.inner[1], rng, depth + 1) for k in keys if hashable(k)}
    return rng.choice((0, 1, -3, 7, "a", [1, 2]))


def integer(domain: Domain, rng: random.Random) -> int:
    low, high = int(domain.low), int(domain.high)
    if domain.seen and high > 9 and rng.random() < 0.15:
        high *= 10
    if high - low > 200 and rng.random() < 0.6:  # small numbers matter more than a uniform draw would have them
        high = low + 60 if low >= 0 else 60
        low = max(low, -60)
    return rng.randint(min(low, high), max(low, high))


def _text(domain: Domain, rng: random.Random) -> str:
    if domain.pool and rng.random() < (0.5 if domain.seen else 0.8):
        chosen = rng.choice(domain.pool)
        return changed_text(str(chosen), domain, rng) if rng.random() < 0.6 else str(chosen)
    least, most = domain.sizes
    return "".join(rng.choice(domain.alphabet) for _ in range(rng.randint(min(least, 1), most + 2)))


def _size(domain: Domain, rng: random.Random) -> int:
    least, most = domain.sizes
    return rng.randint(max(0, least - (least > 1)), min(most + 2, 40))


def _collection(domain: Domain, rng: random.Random, depth: int) -> Any:
    size = _size(domain, rng)
    inner = domain.inner[0]
    if inner.kind == "list" and inner.seen and len({len(v) for v in inner.seen}) == 1 and len(inner.seen[0]):
        width = rng.randint(1, len(inner.seen[0]) + 1)  # a grid has rows of one length
        made = [[value(inner.inner[0], rng, depth + 1) for _ in range(width)] for _ in range(max(size, 1))]
    else:
        made = [value(inner, rng, depth + 1) for _ in range(size)]
    if made and rng.random() < 0.35:  # equal elements are where solutions differ
        made[rng.randrange(len(made))] = rng.choice(made)
    if domain.kind == "set":
        return {v for v in made if hashable(v)}
    return tuple(made) if domain.kind == "tuple" else made


def hashable(one: Any) -> bool:
    return not isinstance(one, list | dict | set) and (not isinstance(one, tuple) or all(map(hashable, one)))

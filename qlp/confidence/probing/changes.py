"""A value that is close to another one: an example, changed a little."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from qlp.confidence.probing.domain import Domain
from qlp.confidence.probing.texts import changed_text
from qlp.confidence.probing.values import hashable, integer, value


def changed(old: Any, domain: Domain, rng: random.Random, depth: int = 0) -> Any:
    """A value close to the old one, of the same type."""
    if domain.kind == "union":
        same = [d for d in domain.inner if d.kind == name_of(old)]
        domain = same[0] if same else rng.choice(domain.inner)
    if isinstance(old, bool):
        return not old
    if old is None:
        return value(domain, rng)
    if isinstance(old, int):
        return _changed_integer(old, domain, rng)
    if isinstance(old, float):
        return rng.choice((old + 0.5, old - 0.5, round(old * 2, 4), float(int(old)), old + 0.01, value(domain, rng)))
    if isinstance(old, str):
        return changed_text(old, domain, rng)
    if isinstance(old, list):
        return _changed_list(old, domain, rng, depth)
    if isinstance(old, tuple):
        if domain.fixed and old and len(domain.inner) == len(old):
            at = rng.randrange(len(old))
            return (*old[:at], changed(old[at], domain.inner[at], rng, depth + 1), *old[at + 1 :])
        return tuple(_changed_list(list(old), domain, rng, depth))
    if isinstance(old, set):
        return {v for v in _changed_list(sorted(old, key=repr), domain, rng, depth) if hashable(v)}
    if isinstance(old, dict):
        return _changed_dict(old, domain, rng, depth)
    return old


def _changed_integer(old: int, domain: Domain, rng: random.Random) -> int:
    choices = [old + 1, old - 1, old + 2, old * 2, old // 2, old + 10, integer(domain, rng), integer(domain, rng)]
    if abs(old) >= 10:
        digits = list(str(abs(old)))
        rng.shuffle(digits)
        choices += [int("".join(digits)), int(str(abs(old))[::-1]), int(str(abs(old)) + str(rng.randrange(10)))]
    if domain.low < 0:
        choices.append(-old)
    else:
        choices = [c for c in choices if c >= domain.low] or [old + 1]
    return rng.choice(choices)


def _changed_list(old: list[Any], domain: Domain, rng: random.Random, depth: int) -> list[Any]:
    inner = domain.inner[0] if domain.inner and not domain.fixed else Domain("any")
    if not old:
        return [value(inner, rng, depth + 1) for _ in range(rng.randint(1, 3))]
    if _is_grid(old):
        return _changed_grid(old, inner, rng)
    at = rng.randrange(len(old))
    one = changed(old[at], inner, rng, depth + 1) if depth < 4 else old[at]
    ways: list[Callable[[], list[Any]]] = [
        lambda: [*old[:at], one, *old[at + 1 :]],
        lambda: [*old[:at], one, *old[at + 1 :]],
        lambda: [*old[:at], *old[at + 1 :]],
        lambda: [*old[:at], old[at], *old[at:]],
        lambda: [*old, value(inner, rng, depth + 1)],
        lambda: [value(inner, rng, depth + 1), *old],
        lambda: rng.sample(old, len(old)),
        lambda: old[::-1],
        lambda: old[: at + 1],
        lambda: [*old, rng.choice(old)],
        lambda: [changed(v, inner, rng, depth + 1) if rng.random() < 0.4 else v for v in old] if depth < 4 else old,
    ]
    return rng.choice(ways)()


def _is_grid(rows: list[Any]) -> bool:
    return len(rows) > 1 and all(isinstance(r, list) and r and len(r) == len(rows[0]) for r in rows)


def _changed_grid(rows: list[list[Any]], inner: Domain, rng: random.Random) -> list[list[Any]]:
    """Rows of one length stay so."""
    cell = inner.inner[0] if inner.inner else Domain("int")
    r, c = rng.randrange(len(rows)), rng.randrange(len(rows[0]))
    new = [list(row) for row in rows]
    ways: list[Callable[[], list[list[Any]]]] = [
        lambda: [*rows, rows[r]],
        lambda: [*rows[:r], *rows[r + 1 :]],
        lambda: rows[::-1],
        lambda: [row[::-1] for row in rows],
        lambda: [row[: c + 1] for row in rows],
        lambda: [list(column) for column in zip(*rows, strict=True)],
    ]
    if rng.random() < 0.5:
        return rng.choice(ways)()
    for _ in range(rng.randint(1, 3)):
        new[rng.randrange(len(new))][rng.randrange(len(new[0]))] = value(cell, rng)
    return new


def _changed_dict(old: dict[Any, Any], domain: Domain, rng: random.Random, depth: int) -> dict[Any, Any]:
    new = dict(old)
    keys, values = domain.inner if len(domain.inner) == 2 else (Domain("str"), Domain("int"))
    if new and rng.random() < 0.6:
        key = rng.choice(list(new))
        if rng.random() < 0.3:
            del new[key]
        else:
            new[key] = changed(new[key], values, rng, depth + 1)
    else:
        key = value(keys, rng, depth + 1)
        if hashable(key):
            new[key] = value(values, rng, depth + 1)
    return new


def name_of(one: Any) -> str:
    return "none" if one is None else type(one).__name__

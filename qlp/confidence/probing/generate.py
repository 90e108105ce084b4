"""Inputs that nobody thought of: examples changed a little, values by type, and the boundaries of each type.

Deterministic by (target, seed). Most inputs stay where the examples are: on inputs that a function was never meant for,
right solutions disagree as much as wrong ones do.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from qlp.confidence.probing import wire
from qlp.confidence.probing.domain import Domain, domain_of
from qlp.confidence.probing.models import Example, InputKind, ProbeInput, Target
from qlp.confidence.probing.signature import Parameter, signature_of

_SHARES: dict[InputKind, float] = {"near": 0.5, "typed": 0.27, "edge": 0.23}
_LINKED = 0.3
"""Share of the inputs by type whose arguments depend on each other: a number that is an element of the list, its
length, or another argument. That is where `<` and `<=` differ."""
_EDGE_TEXTS = ("", " ", "a", "é ß 中", "AAAA", "a b  c", "12", "-1", "\n")
_BIG = 120
_TRIES = 12
_NONE = object()


def generate(target: Target, examples: tuple[Example, ...], *, count: int, seed: int = 0) -> tuple[ProbeInput, ...]:
    """At most `count` different inputs, none of them an example's; empty where not even the number of arguments is
    known."""
    given = [[wire.decode(a) for a in e.arguments] for e in examples]
    parameters = _parameters(target, given)
    if not parameters:
        return ()
    rng = random.Random(f"{seed}:{target.id}:{target.entry}")
    given = [g for g in given if len(g) == len(parameters)]
    only = len(parameters) == 1
    domains = [domain_of(p, [g[i] for g in given], target.text, only=only) for i, p in enumerate(parameters)]
    seen = {_key(g) for g in given}
    made: list[ProbeInput] = []

    def take(kind: InputKind, many: int, make: Callable[[], list[Any]]) -> None:
        for _ in range(many):
            for _ in range(_TRIES):
                arguments = make()
                key = _key(arguments)
                if key not in seen:
                    seen.add(key)
                    made.append(ProbeInput(kind=kind, arguments=tuple(wire.encode(a) for a in arguments)))
                    break

    near = round(count * _SHARES["near"]) if given else 0
    edges = _edges(domains, given, rng)
    take("near", near, lambda: _near(given, domains, rng))
    edge = min(len(edges), round(count * _SHARES["edge"]))
    take("typed", count - len(made) - edge, lambda: _typed(given, domains, rng))
    for one in edges[: count - len(made)]:
        take("edge", 1, lambda one=one: one)  # type: ignore[misc]
    return tuple(made)


def _typed(given: list[list[Any]], domains: list[Domain], rng: random.Random) -> list[Any]:
    arguments = [value(d, rng) for d in domains]
    if len(domains) < 2 or rng.random() > _LINKED:
        return arguments
    if given and rng.random() < 0.5:
        arguments = list(rng.choice(given))
    at = rng.randrange(len(domains))
    fitting = [x for x in _offers(arguments, at) if _fits(x, domains[at])]
    if fitting:
        arguments[at] = rng.choice(fitting)
    return arguments


def _fits(one: Any, domain: Domain, depth: int = 0) -> bool:
    if domain.kind == "union":
        return any(_fits(one, d, depth + 1) for d in domain.inner)
    if _name(one) != domain.kind or domain.kind == "dict":
        return False
    if domain.kind not in ("list", "tuple", "set"):
        return True
    inner = domain.inner if domain.fixed else domain.inner * len(one)
    return depth < 4 and len(inner) == len(one) and all(map(lambda x, d: _fits(x, d, depth + 1), one, inner))


def _offers(arguments: list[Any], at: int) -> list[Any]:
    """What the other arguments suggest for this one."""
    offers: list[Any] = []
    for i, other in enumerate(arguments):
        if i == at:
            continue
        offers.append(other)
        if isinstance(other, list | tuple | str | dict):
            offers += [len(other), *list(other)[:8]]
            offers += [other[: len(other) // 2], other[1:], other[::-1]] if not isinstance(other, dict) else []
        if isinstance(other, list) and other and isinstance(other[0], int):
            offers += [max(other, key=repr), sum(x for x in other if isinstance(x, int))]
        if isinstance(other, int) and not isinstance(other, bool):
            offers += [other + 1, other - 1, other * 2]
    return offers


def _key(arguments: list[Any]) -> str:
    return "|".join(wire.canonical(wire.encode(a)) for a in arguments)


def _parameters(target: Target, given: list[list[Any]]) -> tuple[Parameter, ...] | None:
    known = signature_of(target).parameters
    if given:
        counts = [len(g) for g in given]
        usual = max(set(counts), key=counts.count)
        if known is None or usual > len(known):
            return tuple(Parameter(f"x{i}") for i in range(usual))
        return known[:usual]
    return None if known is None else tuple(p for p in known if not p.optional)


def value(domain: Domain, rng: random.Random, depth: int = 0) -> Any:
    """One value of a domain."""
    match domain.kind:
        case "int":
            return _integer(domain, rng)
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
            return {k: value(domain.inner[1], rng, depth + 1) for k in keys if _hashable(k)}
    return rng.choice((0, 1, -3, 7, "a", [1, 2]))


def _integer(domain: Domain, rng: random.Random) -> int:
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
        return _changed_text(chosen, domain, rng) if rng.random() < 0.6 else chosen
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
        return {v for v in made if _hashable(v)}
    return tuple(made) if domain.kind == "tuple" else made


def _near(given: list[list[Any]], domains: list[Domain], rng: random.Random) -> list[Any]:
    """An example with one argument changed, sometimes two; or with one argument of another example."""
    arguments = list(rng.choice(given))
    for _ in range(2 if len(arguments) > 1 and rng.random() < 0.25 else 1):
        at = rng.randrange(len(arguments))
        if len(given) > 1 and len(arguments) > 1 and rng.random() < 0.2:
            arguments[at] = rng.choice(given)[at]
        else:
            arguments[at] = changed(arguments[at], domains[at], rng)
    return arguments


def changed(old: Any, domain: Domain, rng: random.Random, depth: int = 0) -> Any:
    """A value close to the old one, of the same type."""
    if domain.kind == "union":
        same = [d for d in domain.inner if d.kind == _name(old)]
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
        return _changed_text(old, domain, rng)
    if isinstance(old, list):
        return _changed_list(old, domain, rng, depth)
    if isinstance(old, tuple):
        if domain.fixed and old and len(domain.inner) == len(old):
            at = rng.randrange(len(old))
            return (*old[:at], changed(old[at], domain.inner[at], rng, depth + 1), *old[at + 1 :])
        return tuple(_changed_list(list(old), domain, rng, depth))
    if isinstance(old, set):
        return {v for v in _changed_list(sorted(old, key=repr), domain, rng, depth) if _hashable(v)}
    if isinstance(old, dict):
        return _changed_dict(old, domain, rng, depth)
    return old


def _changed_integer(old: int, domain: Domain, rng: random.Random) -> int:
    choices = [old + 1, old - 1, old + 2, old * 2, old // 2, old + 10, _integer(domain, rng), _integer(domain, rng)]
    if abs(old) >= 10:
        digits = list(str(abs(old)))
        rng.shuffle(digits)
        choices += [int("".join(digits)), int(str(abs(old))[::-1]), int(str(abs(old)) + str(rng.randrange(10)))]
    if domain.low < 0:
        choices.append(-old)
    else:
        choices = [c for c in choices if c >= domain.low] or [old + 1]
    return rng.choice(choices)


def _changed_text(old: str, domain: Domain, rng: random.Random) -> str:
    at = rng.randrange(len(old) + 1)
    alphabet = domain.alphabet or "abc"
    words = old.split(" ")
    ways: list[Callable[[], str]] = [
        lambda: old[:at] + rng.choice(alphabet) + old[at:],
        lambda: old[: max(at - 1, 0)] + old[at:],
        lambda: old[: max(at - 1, 0)] + rng.choice(alphabet) + old[at:],
        lambda: old[:at] + old[max(at - 1, 0) :],
        lambda: old[::-1],
        lambda: old[:at],
        lambda: old[at:],
        lambda: old + old[:at],
    ]
    if any(c.isalpha() for c in old):
        ways += [old.swapcase, lambda: old[:at] + old[at:].upper()]
    if len(words) > 1:
        ways += [lambda: " ".join(rng.sample(words, len(words))), lambda: " ".join(words[:-1])]
        ways.append(lambda: old.replace(" ", "  ", 1))
    if len(domain.pool) > 1:
        other = str(rng.choice(domain.pool))
        ways += [lambda: old + other, lambda: old[:at] + other[at:], lambda: other[:at] + old[at:]]
    if any(c.isdigit() for c in old):
        ways += [lambda: "".join(str(rng.randrange(10)) if c.isdigit() and rng.random() < 0.4 else c for c in old)] * 3
    return rng.choice(ways)()


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
        if _hashable(key):
            new[key] = value(values, rng, depth + 1)
    return new


def _edges(domains: list[Domain], given: list[list[Any]], rng: random.Random) -> list[list[Any]]:
    """Each parameter at its boundaries, the others as in an example or by type; the first of each parameter first."""
    edges = [_boundaries(domain, rng) for domain in domains]
    made = []
    for row in zip_longest(*edges, fillvalue=_NONE):
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
            return [*_EDGE_TEXTS[:3], (str(known) * 100)[:101], *_EDGE_TEXTS[3:], str(known).upper()]
        case "list" | "tuple" | "set" if not domain.fixed:
            one = value(domain.inner[0], rng)
            many = [value(domain.inner[0], rng) for _ in range(_BIG)]
            shapes: list[list[Any]] = [[], [one], many, [one, one], [one] * 5, sorted(many[:6], key=repr)]
            if domain.kind == "set":
                return [{v for v in s if _hashable(v)} for s in shapes]
            return [tuple(s) for s in shapes] if domain.kind == "tuple" else list(shapes)
        case "dict":
            return [{}]
        case "union":
            return [b for d in domain.inner for b in _boundaries(d, rng)[:2]]
    return []


def _hashable(one: Any) -> bool:
    return not isinstance(one, list | dict | set) and (not isinstance(one, tuple) or all(map(_hashable, one)))


def _name(one: Any) -> str:
    return "none" if one is None else type(one).__name__

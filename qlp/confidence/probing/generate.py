"""Inputs that nobody thought of: examples changed a little, values by type, and the boundaries of each type.

Deterministic by (target, seed). Most inputs stay where the examples are: on inputs that a function was never meant for,
right solutions disagree as much as wrong ones do.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from qlp.confidence.probing import wire
from qlp.confidence.probing.changes import changed, name_of
from qlp.confidence.probing.domain import Domain, domain_of
from qlp.confidence.probing.edges import edges
from qlp.confidence.probing.models import Example, InputKind, ProbeInput, Target
from qlp.confidence.probing.signature import Parameter, signature_of
from qlp.confidence.probing.values import value

_SHARES: dict[InputKind, float] = {"near": 0.5, "typed": 0.27, "edge": 0.23}
_LINKED = 0.3
"""Share of the inputs by type whose arguments depend on each other: a number that is an element of the list, its
length, or another argument. That is where `<` and `<=` differ."""
_TRIES = 12


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
    boundaries = edges(domains, given, rng)
    take("near", near, lambda: _near(given, domains, rng))
    edge = min(len(boundaries), round(count * _SHARES["edge"]))
    take("typed", count - len(made) - edge, lambda: _typed(given, domains, rng))
    for one in boundaries[: count - len(made)]:
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
    if name_of(one) != domain.kind or domain.kind == "dict":
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

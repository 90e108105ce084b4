"""A text that is close to another one."""

from __future__ import annotations

import random
from collections.abc import Callable

from qlp.confidence.probing.domain import Domain


def changed_text(old: str, domain: Domain, rng: random.Random) -> str:
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

"""Behavioural agreement: who answers alike on inputs whose answers nobody knows.

Inputs on which everybody agrees say nothing and have no weight; an input weighs by how much its answers are in dispute
(1 - sum of squared shares, the Gini index). Crashing alike is no agreement. The clusters are those of whole answer
vectors (Chen et al., CodeT, 2022; Li et al., AlphaCode, 2022).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qlp.confidence.probing.outcomes import Behaviour

_CRASH = "!"


@dataclass(frozen=True)
class Agreement:
    """`share`: weighted share of peers with the same answer, input by input. `cluster`: share of peers with the same
    answers everywhere. `dissent`: weighted share of inputs where most peers have one answer, and not this one.
    None where there are no peers that run."""

    share: float | None = None
    cluster: float | None = None
    dissent: float | None = None


def vector(behaviour: Behaviour, inputs: Sequence[int]) -> tuple[str, ...]:
    """The answers to these inputs; all ways to have none are one."""
    outcomes = behaviour.outcomes
    return tuple(outcomes[i].value if outcomes[i].status == "value" else _CRASH for i in inputs)


def agreement(one: Behaviour, peers: Sequence[Behaviour], inputs: Sequence[int]) -> Agreement:
    """Of one candidate with peers that are not itself."""
    others = [vector(p, inputs) for p in peers if p.ran]
    if not others or not inputs:
        return Agreement()
    if not one.ran:
        return Agreement(0.0, 0.0, 1.0)
    mine = vector(one, inputs)
    weights = [_dispute([mine[i], *(o[i] for o in others)]) for i in range(len(inputs))]
    total = sum(weights)
    cluster = sum(o == mine for o in others) / len(others)
    if total <= 0:
        alike = float(any(a != _CRASH for a in mine))
        return Agreement(alike, cluster * alike, 0.0)
    share = dissent = 0.0
    for i, weight in enumerate(weights):
        if not weight:
            continue
        answers = Counter(o[i] for o in others)
        if mine[i] != _CRASH:
            share += weight * answers[mine[i]] / len(others)
        top, votes = answers.most_common(1)[0]
        dissent += weight * (votes * 2 > len(others) and top != mine[i])
    return Agreement(share / total, cluster, dissent / total)


def _dispute(answers: Sequence[str]) -> float:
    counts = Counter(answers)
    return 1.0 - sum((n / len(answers)) ** 2 for n in counts.values()) if len(counts) > 1 else 0.0


def ranks(behaviours: Sequence[Behaviour], inputs: Sequence[int]) -> tuple[list[float | None], int]:
    """Rank of each one's cluster by size (0 is the largest; equal sizes share the better rank), and the number of
    clusters; None for one that does not run, and for all if fewer than two do."""
    vectors = [vector(b, inputs) if b.ran else None for b in behaviours]
    sizes = Counter(v for v in vectors if v is not None and set(v) != {_CRASH})
    if sum(v is not None for v in vectors) < 2 or not inputs:
        return [None] * len(behaviours), len(sizes)
    order = sorted(sizes.values(), reverse=True)
    last = float(len(order))
    return [None if v is None else float(order.index(sizes[v])) if v in sizes else last for v in vectors], len(sizes)

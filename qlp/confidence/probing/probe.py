"""Probing: run candidates on the request's examples and on generated inputs, and say what each one did.

The same code makes the features of a run and the rows that the confidence model is trained on.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from qlp.confidence.probing.agreement import Agreement, agreement, ranks
from qlp.confidence.probing.examples import find_examples
from qlp.confidence.probing.generate import generate
from qlp.confidence.probing.invariants import allowed_kinds, check, promises
from qlp.confidence.probing.models import (
    Candidate,
    CandidateProbe,
    Example,
    ProbeInput,
    ProbeLimits,
    ProbeReport,
    RawRun,
    Target,
)
from qlp.confidence.probing.outcomes import Behaviour, behaviour_of, count_held, failure_text, holds
from qlp.confidence.probing.session import Work, execute
from qlp.errors import InputError
from qlp.models import LOCAL_TENANT
from qlp.sandbox.protocol import SandboxBackend

_FAILURES = 3
_ONE_GENERATOR = 2
"""Peers of one generator at most: eight copies of one model's opinion are one opinion."""
_ENOUGH = 3
"""Peers that are needed to say that an input is not meant."""
_UNMEANT = 0.5
"""An input on which so many of those that run have no answer is not meant by the request."""


async def probe(
    target: Target,
    candidates: Sequence[Candidate],
    backend: SandboxBackend,
    *,
    limits: ProbeLimits = ProbeLimits(),
    seed: int = 0,
    tenant: str = LOCAL_TENANT,
) -> ProbeReport:
    """Raises InputError for two candidates of one id, SandboxUnavailableError."""
    return (await probe_many([(target, candidates)], backend, limits=limits, seed=seed, tenant=tenant))[0]


async def probe_many(
    asked: Sequence[tuple[Target, Sequence[Candidate]]],
    backend: SandboxBackend,
    *,
    limits: ProbeLimits = ProbeLimits(),
    seed: int = 0,
    tenant: str = LOCAL_TENANT,
) -> list[ProbeReport]:
    """Several targets of one language in the same sandbox sessions; a report for each, in the order given."""
    for target, candidates in asked:
        if len({c.id for c in candidates}) != len(candidates):
            raise InputError(f"two candidates of {target.id} have the same id")
    if len({t.id for t, _ in asked}) != len(asked) or len({t.language for t, _ in asked}) > 1:
        raise InputError("targets that are probed together have different ids and one language")
    planned = [(*plan(target, limits=limits, seed=seed), target, candidates) for target, candidates in asked]
    work = [Work(target, inputs, candidates) for _, inputs, target, candidates in planned if candidates]
    runs, image = await execute(work, backend, limits, tenant=tenant) if work else ({}, "")
    return [
        report(
            target, candidates, examples, inputs,
            [runs[target.id, c.id] for c in candidates], limits=limits, seed=seed, image=image,
        )
        for examples, inputs, target, candidates in planned
    ]  # fmt: skip


def plan(target: Target, *, limits: ProbeLimits, seed: int) -> tuple[tuple[Example, ...], tuple[ProbeInput, ...]]:
    """The examples of the request, and all inputs: those of the examples first."""
    examples = find_examples(target, limit=limits.examples)
    given = tuple(ProbeInput(kind="example", arguments=e.arguments) for e in examples)
    return examples, given + generate(target, examples, count=limits.inputs, seed=seed)


def report(
    target: Target,
    candidates: Sequence[Candidate],
    examples: Sequence[Example],
    inputs: Sequence[ProbeInput],
    runs: Sequence[RawRun],
    *,
    limits: ProbeLimits,
    seed: int,
    image: str = "",
) -> ProbeReport:
    """What the runs say; pure, so that recorded runs can be read again."""
    loose = target.language != "python"
    behaviours = [behaviour_of(run, len(inputs), loose=loose) for run in runs]
    held = [count_held(examples, b, loose=loose) for b in behaviours]
    kinds, promised = allowed_kinds(target, examples), promises(target)
    solid = [b.ran and n == len(examples) for b, n in zip(behaviours, held, strict=True)]
    probes = []
    for at, (candidate, behaviour) in enumerate(zip(candidates, behaviours, strict=True)):
        rng = random.Random(f"{seed}:{target.id}:{candidate.generator}:{candidate.id}")
        same, other = _peers(at, candidates, rng, limits.peers)
        meant = _meant(inputs, [(behaviours[i], solid[i]) for i in (*same, *other)])
        features = _alone(behaviour, examples, inputs, meant, held[at], kinds, promised)
        features |= _compared(at, behaviours, same, other, inputs, solid, bool(examples))
        wrong = [i for i, e in enumerate(examples) if behaviour.ran and not holds(e, behaviour, i, loose=loose)]
        probes.append(
            CandidateProbe(
                id=candidate.id,
                generator=candidate.generator,
                load=behaviour.load,
                outcomes=behaviour.outcomes,
                examples_passed=held[at],
                features=features,
                failures=tuple(failure_text(examples[i], behaviour, i) for i in wrong[:_FAILURES]),
            )
        )
    return ProbeReport(
        target=target.id,
        seed=seed,
        examples=tuple(examples),
        inputs=tuple(inputs),
        candidates=tuple(probes),
        image=image,
    )


def _peers(at: int, candidates: Sequence[Candidate], rng: random.Random, most: int) -> tuple[list[int], list[int]]:
    """Indices of the other samples of this generator, and of a few samples of other generators."""
    mine = candidates[at].generator
    same = [i for i, c in enumerate(candidates) if c.generator == mine and i != at]
    others = [i for i, c in enumerate(candidates) if c.generator != mine]
    rng.shuffle(others)
    taken: dict[str, int] = {}
    other: list[int] = []
    for i in others:
        name = candidates[i].generator
        if len(other) < most and taken.get(name, 0) < _ONE_GENERATOR:
            taken[name] = taken.get(name, 0) + 1
            other.append(i)
    return same, other


def _meant(inputs: Sequence[ProbeInput], peers: Sequence[tuple[Behaviour, bool]]) -> list[int]:
    """Generated inputs that the request means, as far as peers tell: those that most of them can answer. Peers that
    fail an example (the second of a pair is False) are asked only where few others are there."""
    generated = [i for i, one in enumerate(inputs) if one.kind != "example"]
    running = [(p, solid) for p, solid in peers if p.ran]
    asked = [p for p, solid in running if solid]
    if len(asked) < _ENOUGH:
        asked = [p for p, _ in running]
    if len(asked) < _ENOUGH:
        return generated
    meant = [i for i in generated if sum(p.outcomes[i].status != "value" for p in asked) <= _UNMEANT * len(asked)]
    return meant or generated


def _alone(
    behaviour: Behaviour,
    examples: Sequence[Example],
    inputs: Sequence[ProbeInput],
    meant: Sequence[int],
    held: int,
    kinds: frozenset[str],
    promised: Sequence[str],
) -> dict[str, float | None]:
    """What a candidate shows without any other."""
    features: dict[str, float | None] = {
        "loads": float(behaviour.ran),
        "examples_pass_fraction": held / len(examples) if examples else None,
        "examples_count_log": math.log2(1 + len(examples)),
    }
    names = (
        "generated_crash_rate", "generated_edge_crash_rate", "generated_timeout_rate", "generated_edge_timeout_rate",
        "invariants_hold", "return_type_fits", "repeatable", "arguments_kept", "output_diversity",
    )  # fmt: skip
    features |= dict.fromkeys(names)
    if not behaviour.ran:
        return features
    usual = [i for i in meant if inputs[i].kind != "edge"]
    edges = [i for i in meant if inputs[i].kind == "edge"]
    all_hold, typed, repeated = check(behaviour, inputs, kinds, promised, skip=len(examples))
    answered = [i for i in usual if behaviour.outcomes[i].status == "value"]
    features |= {
        "generated_crash_rate": _rate(behaviour, usual, ("raised", "memory", "killed")),
        "generated_edge_crash_rate": _rate(behaviour, edges, ("raised", "memory", "killed")),
        "generated_timeout_rate": _rate(behaviour, usual, ("timeout", "skipped")),
        "generated_edge_timeout_rate": _rate(behaviour, edges, ("timeout", "skipped")),
        "invariants_hold": all_hold,
        "return_type_fits": typed,
        "repeatable": repeated,
        "arguments_kept": 1 - sum(behaviour.mutated[i] for i in answered) / len(answered) if answered else None,
        "output_diversity": _diversity([behaviour.outcomes[i].value for i in answered]),
    }
    return features


def _rate(behaviour: Behaviour, inputs: Sequence[int], what: tuple[str, ...]) -> float | None:
    return sum(behaviour.outcomes[i].status in what for i in inputs) / len(inputs) if inputs else None


def _diversity(values: Sequence[str]) -> float | None:
    """0: always the same answer; 1: never the same."""
    return (len(set(values)) - 1) / (len(values) - 1) if len(values) > 1 else None


def _compared(
    at: int,
    behaviours: Sequence[Behaviour],
    same: Sequence[int],
    other: Sequence[int],
    inputs: Sequence[ProbeInput],
    solid: Sequence[bool],
    examples: bool,
) -> dict[str, float | None]:
    """What comparison with peers shows; edges count only where most peers can answer."""
    one = behaviours[at]

    def with_peers(peers: Sequence[int]) -> Agreement:
        return agreement(
            one, [behaviours[i] for i in peers], _meant(inputs, [(behaviours[i], solid[i]) for i in peers])
        )

    own, others = with_peers(same), with_peers(other)
    everybody = [*same, *other]
    passing = with_peers([i for i in everybody if examples and solid[i]])
    pool = [at, *everybody]
    rank, clusters = ranks([behaviours[i] for i in pool], _meant(inputs, [(behaviours[i], solid[i]) for i in pool]))
    return {
        "agreement_same_model": own.share,
        "agreement_other_models": others.share,
        "agreement_passing": passing.share,
        "cluster_share_same": own.cluster,
        "cluster_share_other": others.cluster,
        "dissent_same": own.dissent,
        "dissent_other": others.dissent,
        "cluster_rank": rank[0],
        "clusters_log": math.log2(1 + clusters) if rank[0] is not None else None,
    }

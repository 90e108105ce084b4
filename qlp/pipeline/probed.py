"""Candidates for one function are run on the request's examples and on generated inputs, and compared by behaviour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from qlp.confidence.probing import Candidate, CandidateProbe, ProbeReport, Target, probe
from qlp.models import SourceFile
from qlp.models._base import Frozen
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.pipeline.services import Services


class Probed(Frozen):
    """`best` is an index into the candidates that passed; `signals` are its features."""

    best: int
    signals: dict[str, float | None]
    examples_hold: bool | None = None
    """Whether the best keeps all examples of the request; None where it has none, or nothing was probed."""
    behaviours: tuple[int, ...] = ()
    """Samples by behaviour among those that passed, the most frequent first; empty where nothing was probed."""
    chosen_by: str = ""
    """What decided for the best one among several."""


async def best_of(
    runtime: Runtime,
    services: Services,
    task: TaskInput,
    candidates: Sequence[tuple[SourceFile, ...]],
    passing: Sequence[int],
    generators: Sequence[str],
    name: str,
    votes: Sequence[int] = (),
) -> Probed:
    """The passing candidate whose behaviour says most for it; the first where the task is not one function.

    `generators` says who drew each candidate, `votes` how many samples were exactly this one.
    """
    target, path = target_of(task)
    votes = votes or [1] * len(candidates)
    if target is None:
        best = max(passing, key=lambda i: (votes[i], -i))
        voted = len(passing) > 1 and votes[best] > min(votes[i] for i in passing)
        return Probed(best=best, signals={}, chosen_by=_first(passing, "most samples (a vote)" if voted else ""))

    async def step() -> Probed:
        asked = [
            Candidate(id=str(i), code=file.content, generator=generators[i])
            for i, files in enumerate(candidates)
            for file in files
            if file.path == path
        ]
        return _choose(await probe(target, asked, services.sandbox), passing, votes)

    return await runtime.step(name, Probed, step)


def _choose(report: ProbeReport, passing: Sequence[int], votes: Sequence[int]) -> Probed:
    """By examples, then by agreement; a vote only decides between those that are alike in both."""
    probes = {i: report.of(str(i)) for i in passing}
    best = max(passing, key=lambda i: (probes[i].rank, votes[i], -i))
    one = probes[best]
    behaviours = Counter[tuple[str, ...]]()
    for i in passing:
        behaviours[_behaviour(probes[i])] += votes[i]
    held = one.features.get("examples_pass_fraction")
    return Probed(
        best=best,
        signals=dict(one.features),
        examples_hold=None if held is None else held >= 1.0,
        behaviours=tuple(sorted(behaviours.values(), reverse=True)),
        chosen_by=_first(passing, _why(best, probes, votes)),
    )


def _why(best: int, probes: dict[int, CandidateProbe], votes: Sequence[int]) -> str:
    rank = probes[best].rank
    others = [i for i in probes if i != best]
    if all(probes[i].rank[:2] < rank[:2] for i in others):
        return "the request's examples"
    if all(probes[i].rank < rank for i in others):
        return "behavioural agreement"
    tied = [i for i in others if probes[i].rank == rank]
    if any(votes[i] < votes[best] for i in tied):
        return "behavioural agreement, a tie broken by vote"
    return "behavioural agreement, the first of equals"


def _first(passing: Sequence[int], why: str) -> str:
    return (why or "the first of equals") if len(passing) > 1 else ""


def _behaviour(one: CandidateProbe) -> tuple[str, ...]:
    return tuple(o.value if o.status == "value" else "!" for o in one.outcomes)


def target_of(task: TaskInput) -> tuple[Target | None, str]:
    """The one function that the contract promises, if there is exactly one in a language that can be probed."""
    contract = task.plan.contract
    names = [n for n in contract.names if n.kind == "function"]
    owned = {f.path for f in task.plan.files_of(task.task_id)}
    if contract.kind != "function" or len(contract.names) != 1 or len(names) != 1 or names[0].file not in owned:
        return None, ""
    if contract.language not in ("python", "javascript"):
        return None, ""
    target = Target(
        id=task.task_id,
        text=task.request.text,
        entry=names[0].name,
        language="python" if contract.language == "python" else "javascript",
        signature=names[0].signature,
    )
    return target, names[0].file

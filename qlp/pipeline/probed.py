"""Candidates for one function are run on the request's examples and on generated inputs, and compared by behaviour."""

from __future__ import annotations

from collections.abc import Sequence

from qlp.confidence.probing import Candidate, Target, probe
from qlp.models import SourceFile
from qlp.models._base import Frozen
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.pipeline.services import Services


class Probed(Frozen):
    """`best` is an index into the candidates that passed; `signals` are its features."""

    best: int
    signals: dict[str, float | None]


async def best_of(
    runtime: Runtime,
    services: Services,
    task: TaskInput,
    candidates: Sequence[tuple[SourceFile, ...]],
    passing: Sequence[int],
    generator: str,
    name: str,
) -> Probed:
    """The passing candidate whose behaviour says most for it; the first where the task is not one function."""
    target, path = _target(task)
    if target is None:
        return Probed(best=passing[0], signals={})

    async def step() -> Probed:
        asked = [
            Candidate(id=str(i), code=file.content, generator=generator)
            for i, files in enumerate(candidates)
            for file in files
            if file.path == path
        ]
        report = await probe(target, asked, services.sandbox)
        best = max(passing, key=lambda i: (report.of(str(i)).rank, -i))
        return Probed(best=best, signals=dict(report.of(str(best)).features))

    return await runtime.step(name, Probed, step)


def _target(task: TaskInput) -> tuple[Target | None, str]:
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

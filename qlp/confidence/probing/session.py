"""Candidates in the sandbox: batches of a few hundred, one job each; nothing of them ever runs anywhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from pydantic import ValidationError

from qlp.confidence.probing.models import Candidate, ProbeInput, ProbeLimits, RawRun, Target
from qlp.models import LOCAL_TENANT
from qlp.sandbox.protocol import Command, Job, Limits, Sandbox, SandboxBackend

PROFILES = {"python": "python", "javascript": "node"}
_SUPPORT = ("probe_driver.py", "probe_python.py", "probe_node.mjs")
_OUTPUT = 48_000_000
_REPEATS = 6
"""Inputs that are called twice, to see whether the answer is the same."""


class Work:
    """The candidates of one target, with the inputs that they have to answer."""

    def __init__(self, target: Target, inputs: Sequence[ProbeInput], candidates: Sequence[Candidate]) -> None:
        self.target, self.inputs, self.candidates = target, tuple(inputs), tuple(candidates)


async def execute(
    work: Sequence[Work], backend: SandboxBackend, limits: ProbeLimits, *, tenant: str = LOCAL_TENANT
) -> tuple[dict[tuple[str, str], RawRun], str]:
    """(target id, candidate id) -> what the driver said, and the image; targets of one language.

    A candidate that ends the driver itself is `killed`, and the others of its batch run in a fresh sandbox.
    Raises SandboxUnavailableError.
    """
    profile = PROFILES[work[0].target.language]
    todo = [(w, c) for w in work for c in w.candidates]
    done: dict[tuple[str, str], RawRun] = {}
    box = Limits(
        wall_s=limits.run_s, memory_mb=max(1024, 2 * limits.memory_mb), output_bytes=_OUTPUT, pids=128, disk_mb=64
    )
    image = ""
    while todo:
        async with backend.open(profile, box, tenant=tenant) as sandbox:
            image = sandbox.isolation.image
            while todo:
                batch, rest = todo[: limits.batch], todo[limits.batch :]
                got = await _batch(sandbox, batch, limits)
                done |= got
                missing = [(w, c) for w, c in batch if (w.target.id, c.id) not in got]
                if missing:
                    first, *others = missing
                    done[first[0].target.id, first[1].id] = RawRun(load="killed")
                    todo = [*others, *rest]
                    break  # whatever did that may still be there
                todo = rest
                if not sandbox.isolation.job_namespaces:
                    break
    return done, image


async def _batch(
    sandbox: Sandbox, batch: Sequence[tuple[Work, Candidate]], limits: ProbeLimits
) -> dict[tuple[str, str], RawRun]:
    numbers: dict[str, int] = {}
    tasks: list[dict[str, object]] = []
    for work, _ in batch:
        if work.target.id not in numbers:
            numbers[work.target.id] = len(tasks)
            tasks.append(_task(work))
    asked = {
        "tasks": tasks,
        "candidates": [
            {"id": i, "task": numbers[work.target.id], "code": candidate.code}
            for i, (work, candidate) in enumerate(batch)
        ],
        "limits": {
            name: getattr(limits, name)
            for name in ("call_s", "load_s", "call_wall_s", "load_wall_s", "cpu_s", "memory_mb", "slow", "hangs")
        },
        "alone": sandbox.isolation.job_namespaces,
    }
    job = Job(
        files={"batch.json": json.dumps(asked).encode("utf-8", "surrogatepass"), **_support()},
        commands=(Command(argv=("python3", "probe_driver.py", "batch.json"), wall_s=limits.run_s),),
    )
    result = await sandbox.job(job)
    got: dict[tuple[str, str], RawRun] = {}
    for line in result.last.stdout.splitlines():
        number, run = _read(line)
        if run is not None and 0 <= number < len(batch):
            work, candidate = batch[number]
            got[work.target.id, candidate.id] = run
    return got


def _task(work: Work) -> dict[str, object]:
    first = [i for i, one in enumerate(work.inputs) if one.kind != "edge"]
    return {
        "entry": work.target.entry,
        "language": work.target.language,
        "calls": [list(one.arguments) for one in work.inputs],
        "repeat": first[:: max(1, len(first) // _REPEATS)][:_REPEATS],
    }


def _read(line: bytes) -> tuple[int, RawRun | None]:
    """A line of the driver; half a line (the driver was ended) is none."""
    try:
        record = json.loads(line)
        return int(record["id"]), RawRun(load=record["load"], calls=tuple(record["calls"]))
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError):
        return -1, None


@cache
def _support() -> Mapping[str, bytes]:
    folder = files(__package__) / "support"
    return {name: (folder / name).read_bytes() for name in _SUPPORT}

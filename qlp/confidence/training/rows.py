"""Feature rows of labelled solutions: every solution is probed in the sandbox, as at run time.

    python -m qlp.confidence.training.rows --labelled DIR --out DIR [--set NAME ...] [--runs DIR]

Cost, wall clock on one core with 44 inputs a task: 5 minutes for the 10,496 Python solutions of 164 tasks (most of it
in solutions that take exponential time), 1.2 for the 2,210 of MBPP, 0.3 for the twins; in JavaScript about 0.1 s a
solution, a process of Node each. A set that is there is not made again; `--runs` keeps what the sandbox said, so that
features can be computed anew after a change that leaves the inputs alone. The rows hold features and labels, no code.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from qlp.confidence.probing.models import ProbeInput, ProbeLimits, RawRun
from qlp.confidence.probing.probe import plan, report
from qlp.confidence.probing.session import Work, execute
from qlp.confidence.training.labelled import SETS, LabelledTask
from qlp.confidence.training.library import Language, library_mutants
from qlp.confidence.training.static import static_features
from qlp.config import Settings
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import SandboxBackend

_TOGETHER = 12
"""Targets that share a sandbox session."""
MADE: dict[str, Language] = {"library_python": "python", "library_javascript": "javascript"}
"""Sets that are made here, from the platform's own function library."""
Runs = dict[str, RawRun]


async def make_rows(
    name: str,
    tasks: Sequence[LabelledTask],
    backend: SandboxBackend,
    out: Path,
    *,
    limits: ProbeLimits = ProbeLimits(),
    seed: int = 0,
    runs: Path | None = None,
) -> int:
    """Write `out` (complete or not at all) and return how many rows it holds."""
    known = _load(runs)
    part = out.with_suffix(".part")
    count, begin = 0, time.monotonic()
    with part.open("w", encoding="utf-8") as lines:
        for first in range(0, len(tasks), _TOGETHER):
            chunk = tasks[first : first + _TOGETHER]
            for row in await _rows(name, chunk, backend, known, limits=limits, seed=seed):
                lines.write(json.dumps(row) + "\n")
                count += 1
            done = min(first + _TOGETHER, len(tasks))
            print(f"{name}: {done}/{len(tasks)} tasks, {count} rows, {time.monotonic() - begin:.0f} s", file=sys.stderr)  # noqa: T201
            if runs is not None and done % (4 * _TOGETHER) == 0:
                _save(runs, known)
    if runs is not None:
        _save(runs, known)
    os.replace(part, out)
    return count


async def _rows(
    name: str, chunk: Sequence[LabelledTask], backend: SandboxBackend, known: Runs, *, limits: ProbeLimits, seed: int
) -> list[dict[str, object]]:
    plans = [plan(task.target, limits=limits, seed=seed) for task in chunk]
    everybody = [(*(s.candidate for s in task.solutions), *task.peers) for task in chunk]
    keys = [
        [_key(task, inputs, c.code) for c in candidates]
        for task, (_, inputs), candidates in zip(chunk, plans, everybody, strict=True)
    ]
    work = []
    for task, (_, inputs), candidates, mine in zip(chunk, plans, everybody, keys, strict=True):
        missing = [c for c, key in zip(candidates, mine, strict=True) if key not in known]
        if missing:
            work.append(Work(task.target, inputs, missing))
    got = (await execute(work, backend, limits))[0] if work else {}
    rows = []
    for task, (examples, inputs), candidates, mine in zip(chunk, plans, everybody, keys, strict=True):
        for c, key in zip(candidates, mine, strict=True):
            if (task.target.id, c.id) in got:
                known[key] = got[task.target.id, c.id]
        made = report(
            task.target, candidates, examples, inputs,
            [known[key] for key in mine], limits=limits, seed=seed,
        )  # fmt: skip
        for s, probed in zip(task.solutions, made.candidates[: len(task.solutions)], strict=True):
            rows.append(
                {
                    "set": name,
                    "task": task.target.id.split("#")[0],
                    "generator": s.candidate.generator,
                    "language": task.target.language,
                    "kind": "function",
                    "label": s.label,
                    "solution": s.candidate.id,
                    **({"twin": s.twin} if s.twin else {}),
                    "features": _rounded(probed.features | static_features(s.candidate.code)),
                }
            )
    return rows


def _rounded(features: dict[str, float | None]) -> dict[str, float | None]:
    return {k: None if v is None else round(v, 5) for k, v in sorted(features.items())}


def _key(task: LabelledTask, inputs: Sequence[ProbeInput], code: str) -> str:
    asked = [task.target.entry, task.target.language, [i.arguments for i in inputs], code]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]


def _load(path: Path | None) -> Runs:
    if path is None or not path.is_file():
        return {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {r["key"]: RawRun(load=r["load"], calls=tuple(r["calls"])) for r in map(json.loads, lines)}


def _save(path: Path, runs: Runs) -> None:
    part = path.with_suffix(".part")
    with gzip.open(part, "wt", encoding="utf-8", compresslevel=3) as lines:
        for key, run in runs.items():
            lines.write(json.dumps({"key": key, "load": run.load, "calls": run.calls}) + "\n")
    os.replace(part, path)


async def _main(arguments: argparse.Namespace) -> None:
    settings = Settings()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.runs:
        arguments.runs.mkdir(parents=True, exist_ok=True)
    backend = await open_backend(settings.sandbox, settings.home)
    for name in arguments.set or (*SETS, *MADE):
        out = arguments.out / f"{name}.jsonl"
        if out.exists() and not arguments.again:
            print(f"{name}: there already", file=sys.stderr)  # noqa: T201
            continue
        runs = arguments.runs / f"{name}.runs.jsonl.gz" if arguments.runs else None
        if name == "testmodel_python" and not (arguments.labelled / f"{name}.jsonl.gz").is_file() and not arguments.set:
            print(f"{name}: no samples; benchmarks/testmodel_samples.py draws them", file=sys.stderr)  # noqa: T201
            continue
        if name in MADE:
            tasks = await library_mutants(backend, languages=(MADE[name],), seed=arguments.seed)
        else:
            tasks = SETS[name](arguments.labelled)
        await make_rows(name, tasks, backend, out, seed=arguments.seed, runs=runs)


def main() -> None:
    parser = argparse.ArgumentParser(description="Feature rows of labelled solutions.")
    parser.add_argument("--labelled", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--out", type=Path, required=True, help="folder of the rows, one file for each set")
    parser.add_argument("--set", action="append", choices=sorted((*SETS, *MADE)), help="only this set; may be repeated")
    parser.add_argument("--runs", type=Path, help="folder that keeps what the sandbox said")
    parser.add_argument("--again", action="store_true", help="make a set anew although its rows are there")
    parser.add_argument("--seed", type=int, default=0)
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()

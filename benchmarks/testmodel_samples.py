"""Samples of the little test model over its grammar, with labels: material for rows of the confidence model.

    python benchmarks/testmodel_samples.py --out DIR [--tasks 150] [--samples 10] [--seed 40000]

Writes DIR/testmodel_python.jsonl.gz. A sample is right if it gives the reference's answers on the task's own inputs;
both run in the sandbox. About 2 minutes on one core. Needs xllamacpp.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import re
from pathlib import Path
from typing import Any

import httpx

from qlp.confidence.probing import Candidate, ProbeInput, ProbeLimits, Target, wire
from qlp.confidence.probing.outcomes import behaviour_of
from qlp.confidence.probing.session import Work, execute
from qlp.config import Settings
from qlp.sandbox import open_backend
from tests.support import grammar
from tests.support.testmodel import SAMPLING, serve

_REFERENCE = "reference"
_INPUTS = 12
_FENCE = re.compile(r"```(?:python)?\n(.*?)```", re.S)


async def draw(url: str, tasks: list[grammar.GrammarTask], samples: int, at_once: int = 8) -> list[list[str]]:
    gate = asyncio.Semaphore(at_once)

    async with httpx.AsyncClient(timeout=120, trust_env=False) as client:

        async def one(task: grammar.GrammarTask, seed: int) -> str:
            async with gate:
                body: dict[str, Any] = {
                    "model": "testmodel",
                    "messages": [{"role": "user", "content": grammar.prompt(task)}],
                    "temperature": 0.8,
                    "max_tokens": 200,
                    "seed": seed,
                    **SAMPLING,
                }
                reply = await client.post(f"{url}/chat/completions", json=body)
                reply.raise_for_status()
                text = str(reply.json()["choices"][0]["message"]["content"])
                found = _FENCE.search(text)
                return found[1] if found else text

        return [list(await asyncio.gather(*(one(t, i) for i in range(samples)))) for t in tasks]


async def label(tasks: list[grammar.GrammarTask], drawn: list[list[str]]) -> list[list[bool]]:
    settings = Settings()
    backend = await open_backend(settings.sandbox, settings.home)
    work = []
    for number, (task, codes) in enumerate(zip(tasks, drawn, strict=True)):
        inputs = [ProbeInput(kind="typed", arguments=(wire.encode(x),)) for x in grammar.inputs(task, _INPUTS)]
        candidates = [Candidate(id=str(i), code=code) for i, code in enumerate(codes)]
        reference = Candidate(id=_REFERENCE, code=grammar.solution(task))
        work.append(Work(Target(id=str(number), text="", entry="f"), inputs, [reference, *candidates]))
    runs, _ = await execute(work, backend, ProbeLimits())
    verdicts = []
    for one in work:
        read = {
            c.id: behaviour_of(runs[one.target.id, c.id], len(one.inputs), loose=False).outcomes for c in one.candidates
        }
        verdicts.append([read[c.id] == read[_REFERENCE] for c in one.candidates if c.id != _REFERENCE])
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description="Labelled samples of the test model.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tasks", type=int, default=150)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--seed", type=int, default=40_000)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    tasks = [grammar.sample(rng, 1 + i % 5) for i in range(options.tasks)]
    with serve() as url:
        drawn = asyncio.run(draw(url, tasks, options.samples))
    verdicts = asyncio.run(label(tasks, drawn))
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "testmodel_python.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for number, (task, codes, right) in enumerate(zip(tasks, drawn, verdicts, strict=True)):
            for i, (code, good) in enumerate(zip(codes, right, strict=True)):
                row = {
                    "task_id": f"grammar/{number}", "lang": "python", "model": "testmodel", "temp": 0.8, "idx": i,
                    "code": code, "label": good, "label_plus": None, "prompt": grammar.prompt(task),
                    "entry_point": "f", "signature": "def f(x):",
                }  # fmt: skip
                lines.write(json.dumps(row) + "\n")
    right_ones = sum(map(sum, verdicts))
    print(f"{path}: {right_ones} of {options.tasks * options.samples} are right")  # noqa: T201


if __name__ == "__main__":
    main()

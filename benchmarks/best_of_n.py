"""Best-of-n with verification on the little test model: what early stopping saves, and what it costs.

    python -m benchmarks.best_of_n [--tasks 200] [--samples 10] [--seed 777] [--pipeline 10]

Every task gets 10 samples (temperature 0.8, from xllamacpp); all run in the sandbox, on the inputs of the tests that
are given, on inputs of no test, and on held-out inputs that tell the truth. On these samples, drawn once, the
policies are compared pair by pair: plain best-of-n against waves (qlp/agents/waves.py), with given tests, and with
nothing but agreement. `--pipeline` runs some tasks through the real pipeline besides, to see that it draws what the
policy says. About 4 minutes. Needs xllamacpp and the sandbox; raw results go to benchmarks/results/best_of_n.json
(`samples_by_task`: a digit a sample, 2 if it is right plus 1 if it passes the given tests).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.testmodel_samples import draw
from qlp.agents.waves import lead_confidence, waves
from qlp.confidence.probing import Candidate, ProbeInput, ProbeLimits, Target, wire
from qlp.confidence.probing.outcomes import behaviour_of
from qlp.confidence.probing.session import Work, execute
from qlp.config import AgentSettings, ModelSettings, Settings
from qlp.errors import GenerationError
from qlp.evaluation.compare import wilson
from qlp.models import Request
from qlp.sandbox import open_backend
from tests.support import grammar
from tests.support.platform import Platform, settings_for
from tests.support.testmodel import SAMPLING, serve

RESULTS = Path(__file__).parent / "results" / "best_of_n.json"
GIVEN, FREE, TRUTH = 6, 12, 24
"""Inputs of the given tests; inputs without answers, for agreement; held-out inputs that tell right from wrong."""


@dataclass(frozen=True)
class Sample:
    right: bool
    passes: bool
    """The given tests."""
    behaviour: tuple[str, ...]
    """Answers on the inputs that have none."""


@dataclass(frozen=True)
class Outcome:
    samples: int
    calls: int
    right: bool
    passed: bool


async def observe(tasks: Sequence[grammar.GrammarTask], drawn: list[list[str]]) -> list[list[Sample]]:
    """Run every sample beside the reference, in the sandbox."""
    settings = Settings()
    backend = await open_backend(settings.sandbox, settings.home)
    work = []
    for number, (task, codes) in enumerate(zip(tasks, drawn, strict=True)):
        free = grammar.inputs(replace(task, description=task.description + " free"), FREE)
        truth = grammar.inputs(replace(task, description=task.description + " truth"), TRUTH)
        values = [*grammar.inputs(task, GIVEN), *free, *truth]
        inputs = [ProbeInput(kind="typed", arguments=(wire.encode(x),)) for x in values]
        candidates = [Candidate(id=str(i), code=code) for i, code in enumerate(codes)]
        reference = Candidate(id="reference", code=grammar.solution(task))
        work.append(Work(Target(id=str(number), text="", entry="f"), inputs, [reference, *candidates]))
    runs, _ = await execute(work, backend, ProbeLimits())
    seen = []
    for one in work:
        read = {
            c.id: behaviour_of(runs[one.target.id, c.id], len(one.inputs), loose=False).outcomes for c in one.candidates
        }
        asked = read["reference"]
        row = []
        for i in range(len(one.candidates) - 1):
            got = read[str(i)]
            ran = len(got) == len(asked)
            row.append(
                Sample(
                    right=ran and got == asked,
                    passes=ran and got[:GIVEN] == asked[:GIVEN],
                    behaviour=tuple(o.value if o.status == "value" else "!" for o in got[GIVEN : GIVEN + FREE])
                    if ran
                    else (),
                )
            )
        seen.append(row)
    return seen


def with_tests(samples: Sequence[Sample], schedule: Sequence[int]) -> Outcome:
    """Stop after the wave that brought one which passes the given tests; that one is the answer."""
    drawn = 0
    for call, size in enumerate(schedule, start=1):
        drawn += size
        won = next((s for s in samples[:drawn] if s.passes), None)
        if won is not None:
            return Outcome(drawn, call, won.right, passed=True)
    return Outcome(drawn, len(schedule), right=False, passed=False)


def by_agreement(samples: Sequence[Sample], schedule: Sequence[int], sure: float | None) -> Outcome:
    """The most frequent behaviour; stop when it is unlikely to be overtaken (`sure` None: never)."""
    drawn = calls = 0
    counts: Counter[tuple[str, ...]] = Counter()
    for size in schedule:
        calls += 1
        counts.update(s.behaviour for s in samples[drawn : drawn + size] if s.behaviour)
        drawn += size
        if sure is not None and lead_confidence(list(counts.values())) >= sure:
            break
    lead = counts.most_common(1)[0][0] if counts else None
    won = next((s for s in samples[:drawn] if s.behaviour == lead), None)
    return Outcome(drawn, calls, won is not None and won.right, passed=False)


def doubling(total: int) -> tuple[int, ...]:
    sizes: list[int] = []
    while sum(sizes) < total:
        sizes.append(min(2 ** len(sizes), total - sum(sizes)))
    return tuple(sizes)


def summary(outcomes: Sequence[Outcome], plain: int) -> dict[str, Any]:
    n = len(outcomes)
    right = sum(o.right for o in outcomes)
    low, high = wilson(right, n)
    samples = sum(o.samples for o in outcomes)
    return {
        "right": round(right / n, 4),
        "interval_95": [round(low, 4), round(high, 4)],
        "passed_given_tests": round(sum(o.passed for o in outcomes) / n, 4),
        "samples_per_task": round(samples / n, 3),
        "samples_over_plain": round(samples / (plain * n), 4),
        "calls_per_task": round(sum(o.calls for o in outcomes) / n, 3),
    }


async def through_pipeline(url: str, tasks: Sequence[grammar.GrammarTask], samples: int) -> dict[str, Any]:
    """The real thing: the tasks as requests with tests, drawn in waves and verified."""
    verified = drawn = 0
    with tempfile.TemporaryDirectory() as folder:
        models = ModelSettings(
            base_url=url,
            prompt_style="bare",
            n=samples,
            temperature=0.8,
            max_tokens=200,
            max_attempts=1,
            price="free",
            extra_body={**SAMPLING, "seed": 7},
        )
        platform = await Platform.open(settings_for(Path(folder), models=models))
        for task in tasks:
            request = Request(text=grammar.prompt(task), tests={"test_solution.py": grammar.tests(task)}, tier="t1")
            try:
                _, outcome = await platform.run(request)
            except GenerationError as error:
                attempts: Any = error.extra["attempts"]
                drawn += sum(a["samples"] for a in attempts)
                continue
            verified += outcome.verified
            drawn += await _samples(platform, outcome)
    n = len(tasks)
    return {"tasks": n, "verified": verified / n, "samples_per_task": drawn / n, "over_plain": drawn / (samples * n)}


async def _samples(platform: Platform, outcome: Any) -> int:
    from qlp.capsule import read_capsule

    return sum(a.attempt.samples for a in read_capsule(platform.capsule(outcome)).manifest.attempts)


def main() -> None:
    parser = argparse.ArgumentParser(description="Best-of-n with verification and early stopping.")
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--seed", type=int, default=777)
    parser.add_argument("--pipeline", type=int, default=0, help="tasks to run through the pipeline besides")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    tasks = [grammar.sample(rng, 1 + i % 5) for i in range(options.tasks)]
    n: int = options.samples
    sure = AgentSettings().stop_confidence
    with serve() as url:
        drawn = asyncio.run(draw(url, tasks, n))
        piped = asyncio.run(through_pipeline(url, tasks[: options.pipeline], n)) if options.pipeline else None
    seen = asyncio.run(observe(tasks, drawn))
    right = sum(s.right for row in seen for s in row) / (n * len(tasks))
    ceiling = sum(any(s.right for s in row) for row in seen) / len(tasks)
    arms = {
        "plain best-of-1": [with_tests(row, (1,)) for row in seen],
        f"plain best-of-{n}, given tests": [with_tests(row, (n,)) for row in seen],
        "waves, given tests": [with_tests(row, waves(n)) for row in seen],
        "one by one, given tests": [with_tests(row, (1,) * n) for row in seen],
        "doubling, given tests": [with_tests(row, doubling(n)) for row in seen],
        f"plain best-of-{n}, agreement alone": [by_agreement(row, (n,), None) for row in seen],
        "waves, agreement alone": [by_agreement(row, waves(n), sure) for row in seen],
        "one by one, agreement alone": [by_agreement(row, (1,) * n, sure) for row in seen],
        "doubling, agreement alone": [by_agreement(row, doubling(n), sure) for row in seen],
    }
    report = {
        "benchmark": "best_of_n",
        "tasks": len(tasks),
        "samples": n,
        "seed": options.seed,
        "temperature": 0.8,
        "stop_confidence": sure,
        "waves": list(waves(n)),
        "pass_at_1": round(right, 4),
        f"pass_at_{n}": round(ceiling, 4),
        "arms": {name: summary(outcomes, n) for name, outcomes in arms.items()},
        "pipeline": piped,
        "samples_by_task": ["".join(str(2 * s.right + s.passes) for s in row) for row in seen],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(f"pass@1 {right:.3f}, pass@{n} {ceiling:.3f} over {len(tasks)} tasks; waves {waves(n)}")  # noqa: T201
    for name, made in report["arms"].items():  # type: ignore[attr-defined]
        print(f"  {name:<40} {made}")  # noqa: T201
    if piped:
        print(f"  through the pipeline: {piped}")  # noqa: T201


if __name__ == "__main__":
    main()

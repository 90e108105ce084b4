"""Training rows of whole projects: what the blueprints make, with faults put in, judged by tests that the model of
confidence does not see.

A project is rendered, a fault is put into one of its source files, and all stages run in the sandbox. The tests are
then split at random: the visible part becomes features, as if the project had only these tests, and the label is what
the hidden part (and the smoke requests or runs) says. A row with every hidden test green and no fault put in is
correct by construction; a fault that neither part notices counts as correct too, for it may change nothing.

    python -m qlp.confidence.training.projects --out rows/projects.jsonl [--mutants 12] [--seed 0]

About 4 s of one core for each fault and project; the run resumes from its own `.observed` file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files as package_files
from pathlib import Path

from qlp.blueprints.registry import by_name, matches
from qlp.config import Settings
from qlp.models import Plan, Request, SourceFile, Stage, StageResult
from qlp.models._base import Frozen
from qlp.pipeline.analyse import analyse
from qlp.pipeline.assemble import topological
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import SandboxBackend
from qlp.validation import Policy, load_policy, validate_project
from qlp.validation.support.mutants.sample import sample

STAGES: tuple[Stage, ...] = ("syntax", "style", "types", "security", "tests", "runtime")
VISIBLE = (0.1, 0.25, 0.5)
"""Shares of the tests that a row sees; the rest judges."""


class Observed(Frozen):
    """What one validation of one project with at most one fault showed."""

    blueprint: str
    request: int
    language: str
    fault: str
    """Empty for the project as it was made."""
    stages: dict[str, str]
    total: int
    failing: int
    smoke: int = 0
    smoke_failed: int = 0
    programs_ok: bool | None = None
    size: int = 0
    """Characters of source."""


def requests() -> dict[str, tuple[str, ...]]:
    """Requests by blueprint, from projects.json beside this file."""
    text = package_files("qlp.confidence.training").joinpath("projects.json").read_text("utf-8")
    return {name: tuple(texts) for name, texts in json.loads(text).items()}


def rendered(request: str) -> tuple[Plan, tuple[SourceFile, ...]]:
    analysis = analyse(Request(text=request))
    blueprint = by_name(matches(analysis)[0].blueprint)
    plan = blueprint.plan(analysis)
    return plan, tuple(f for task in topological(plan) for f in blueprint.render(analysis, plan, task))


def faulty(
    plan: Plan, files: tuple[SourceFile, ...], count: int, seed: int
) -> Iterator[tuple[str, tuple[SourceFile, ...]]]:
    """(what was changed, the files with it): spread over the project's code, never its tests."""
    code = {f.path for t in plan.tasks if t.kind == "code" for f in plan.files_of(t.id)}
    text = {f.path: f.content for f in files if f.path in code}
    with tempfile.TemporaryDirectory(prefix="qlp-mutants-") as scratch:
        for path, content in text.items():
            place = Path(scratch) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode())
        proposed = sample(sorted(text), count, seed, Path(scratch))
    for row in proposed["mutants"]:
        path, before = row["file"], text[row["file"]]
        after = before[: row["start"]] + row["replacement"] + before[row["end"] :]
        label = f"{path}:{row['line']}:{row['column']}: {row['original'][:40]!r} -> {row['replacement'][:40]!r}"
        yield label, tuple(f.model_copy(update={"content": after}) if f.path == path else f for f in files)


async def observe(
    backend: SandboxBackend, policy: Policy, plan: Plan, files: tuple[SourceFile, ...], fault: str, request: int
) -> Observed:
    verdict = await validate_project(files, plan.contract, backend, policy=policy, stages=STAGES)
    tests, runtime = verdict.stage("tests"), verdict.stage("runtime")
    passed, failed = (_fact(tests, "tests_passed"), _fact(tests, "tests_failed"))
    total = max(passed + failed, 1)
    broken = tests is None or (tests.status != "passed" and not failed)
    return Observed(
        blueprint=plan.generator.removeprefix("blueprint:"),
        request=request,
        language=plan.contract.language,
        fault=fault,
        stages={s.stage: s.status for s in verdict.stages},
        total=total,
        failing=total if broken else failed,
        smoke=_fact(runtime, "smoke_requests"),
        smoke_failed=_fact(runtime, "smoke_failed"),
        programs_ok=runtime.status == "passed" if runtime and "runs" in runtime.facts else None,
        size=sum(len(f.content) for f in files),
    )


def _fact(stage: StageResult | None, name: str) -> int:
    return int(stage.facts.get(name, 0)) if stage else 0


def rows(seen: Observed, total: int, seed: int) -> Iterator[dict[str, object]]:
    """One row for each share of visible tests. `total` is the number of tests of the project without a fault."""
    chance = random.Random(f"{seed}:{seen.blueprint}:{seen.request}:{seen.fault}")
    failing = total if seen.failing >= seen.total and seen.total < total else min(seen.failing, total)
    outcomes = [1] * failing + [0] * (total - failing)
    for share in VISIBLE:
        visible = max(1, min(total - 1, round(share * total)))
        chance.shuffle(outcomes)
        bad = sum(outcomes[:visible])
        hidden_bad = sum(outcomes[visible:])
        ran = seen.smoke_failed == 0 and seen.programs_ok is not False and seen.stages.get("runtime") != "failed"
        label = int(hidden_bad == 0 and bad == 0 and ran)
        yield {
            "set": "blueprint-projects",
            "task": f"{seen.blueprint}#{seen.request}",
            "generator": seen.blueprint.split("@")[0],
            "language": seen.language,
            "kind": "project",
            "label": label,
            "solution": f"{seen.fault or 'as-made'}@{share}",
            "features": {
                "tests_pass_fraction": round((visible - bad) / visible, 4),
                "tests_log": round(math.log2(1 + visible - bad), 4),
                "smoke_pass_fraction": round(1 - seen.smoke_failed / seen.smoke, 4) if seen.smoke else None,
                "smoke_log": round(math.log2(1 + seen.smoke), 4) if seen.smoke else None,
                "runs_ok": None if seen.programs_ok is None else float(seen.programs_ok),
                **{
                    f"stage_{name}_clean": float(seen.stages[name] == "passed")
                    for name in ("syntax", "style", "types", "security")
                    if seen.stages.get(name) in ("passed", "failed")
                },
            },
        }


async def collect(out: Path, mutants: int, seed: int) -> int:
    settings = Settings()
    backend = await open_backend(settings.sandbox, settings.home)
    policy = load_policy("development")
    log = out.with_suffix(".observed")
    done = [Observed.model_validate_json(line) for line in log.read_text().splitlines()] if log.exists() else []
    known = {(o.blueprint, o.request, o.fault) for o in done}
    with log.open("a") as journal:
        asked = sorted((n, t) for texts in requests().values() for n, t in enumerate(texts))
        for number, text in asked:
            plan, files = rendered(text)
            for fault, changed in [("", files), *faulty(plan, files, mutants, 100 * seed + number)]:
                if (plan.generator.removeprefix("blueprint:"), number, fault) in known:
                    continue
                seen = await observe(backend, policy, plan, changed, fault, number)
                done.append(seen)
                journal.write(seen.model_dump_json() + "\n")
                journal.flush()
                sys.stderr.write(f"{seen.blueprint}#{number} {fault or 'as made'}: {seen.failing}/{seen.total}\n")
    totals = {(o.blueprint, o.request): o.total for o in done if not o.fault}
    made = [row for o in done for row in rows(o, totals[(o.blueprint, o.request)], seed)]
    scratch = out.with_suffix(".part")
    scratch.write_text("".join(json.dumps(row) + "\n" for row in made))
    scratch.rename(out)
    return len(made)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m qlp.confidence.training.projects", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--mutants", type=int, default=12, help="faults tried in each project")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    count = asyncio.run(collect(options.out, options.mutants, options.seed))
    sys.stdout.write(f"{count} rows in {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

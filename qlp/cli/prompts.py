"""`qlp prompts`: what is said to models, and which words do better."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from itertools import combinations
from pathlib import Path

from qlp.agents.prompts import PROMPTS, Prompt, load, load_variant, source_of
from qlp.cli.screen import err, out, print_json
from qlp.config import Settings
from qlp.errors import InputError
from qlp.evaluation import Comparison, EvalTask, Score, Trial, compare, load_tasks, run_trials, score
from qlp.models import InterfaceContract, Request, SourceFile, Verdict


def list_prompts(*, as_json: bool) -> None:
    rows = [{"name": p.name, "version": p.version, "ref": p.ref} for p in map(load, PROMPTS)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        out().print(f"{row['name']:<22} v{row['version']:<3} {row['ref']}", markup=False)


def show_prompt(name: str, *, as_json: bool) -> None:
    prompt = load_variant(name)
    known = next((p for p in PROMPTS if p == name), None)
    source = source_of(known) if known else Path(name).read_text("utf-8")
    if as_json:
        print_json({"name": prompt.name, "version": prompt.version, "ref": prompt.ref, "template": source})
    else:
        out().print(source, markup=False, end="")


def evaluate(
    file: Path | None,
    variants: Sequence[str],
    *,
    repeat: int,
    limit: int | None,
    max_cost: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Raises InputError, NoGeneratorError, BudgetExceededError, SandboxUnavailableError."""
    prompts = {variant: load_variant(variant) for variant in variants}
    tasks = load_tasks(file)[:limit]
    trials = asyncio.run(_run(prompts, tasks, repeat, _cap(max_cost), quiet=as_json))
    scores = [score(variant, trials) for variant in prompts]
    pairs = [compare(a, b, trials) for a, b in combinations(prompts, 2)]
    report = {
        "tasks": len(tasks),
        "repetitions": repeat,
        "scores": [{**s.model_dump(mode="json"), "rate": round(s.rate, 4)} for s in scores],
        "comparisons": [{**p.model_dump(mode="json"), "says": p.says} for p in pairs],
        "trials": [t.model_dump(mode="json") for t in trials],
    }
    if out is not None:
        _write(out, report)
    if as_json:
        print_json(report)
    else:
        _show(scores, pairs, len(tasks) * repeat)


async def _run(
    prompts: dict[str, Prompt], tasks: Sequence[EvalTask], repeat: int, cap: Decimal | None, *, quiet: bool
) -> tuple[Trial, ...]:
    from qlp.pipeline.services import build_services
    from qlp.store import Database, EventStore, sqlite_url
    from qlp.store.schema import create_all

    settings = Settings()
    database = Database(sqlite_url(settings.home))
    create_all(database)
    services = await build_services(settings, EventStore(database), database)
    key = f"eval_{secrets.token_hex(8)}"
    request = Request(text="prompts eval", tier="t1", max_cost_usd=cap)

    async def judge(files: tuple[SourceFile, ...], contract: InterfaceContract) -> Verdict:
        return await services.validate(files, contract, stages=("syntax", "tests"))

    def told(trial: Trial) -> None:
        if not quiet:
            err().print(f"{trial.variant} {trial.task}: {trial.outcome} {trial.reason}"[:160], markup=False)

    return await run_trials(
        prompts,
        tasks,
        await services.guarded("t1", request, key),
        judge,
        settings=settings.models,
        key=key,
        repetitions=repeat,
        on_trial=told,
    )


def _show(scores: Sequence[Score], pairs: Sequence[Comparison], trials: int) -> None:
    screen = out()
    screen.print(f"{trials} answers of each variant; 95 % intervals")
    for s in scores:
        cost = "cost unknown" if s.usage.cost_usd is None else f"${s.usage.cost_usd:.4f}"
        each = f", ${s.usd_per_pass:.4f} a pass" if s.usd_per_pass is not None else ""
        lost = f", {s.errors} errors" if s.errors else ""
        screen.print(
            f"  {s.variant:<24} {s.passed}/{s.trials} = {s.rate:.2f} [{s.low:.2f}, {s.high:.2f}]  "
            f"{s.usage.input_tokens}+{s.usage.output_tokens} tokens, {cost}{each}{lost}",
            markup=False,
        )
    for p in pairs:
        screen.print(
            f"  {p.first} / {p.second}: {p.only_first} / {p.only_second} tasks that only one of them solves, "
            f"p = {p.p_value:.3f} (McNemar, exact): {p.says}",
            markup=False,
        )


def _cap(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        cap = Decimal(text)
    except InvalidOperation:
        raise InputError(f"--max-cost takes US dollars, such as 0.50; {text!r} is no amount") from None
    if not cap.is_finite() or cap < 0:
        raise InputError(f"--max-cost takes US dollars, such as 0.50; {text!r} is no amount")
    return cap


def _write(file: Path, report: object) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=1), "utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error

"""`qlp confidence ...`: over the store on this machine and the model in use."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from qlp.capsule.atomic import write_atomically
from qlp.cli.confidence_screen import show_contributions, show_model_report, show_sections, show_states
from qlp.cli.screen import err, out, print_json
from qlp.confidence.model import Loaded, load_model, load_model_file, own_model, report_beside
from qlp.confidence.outcomes import SOURCES, OutcomeStore, Source
from qlp.config import Settings
from qlp.errors import InputError, NotFoundError, QLPError
from qlp.models.run import LOCAL_TENANT
from qlp.store.engine import Database, sqlite_url
from qlp.store.reader import StoredRuns

if TYPE_CHECKING:
    from qlp.confidence.row import Row

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dhw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def show_report(data: Sequence[Path], *, check: bool, png: Path | None, model: Path | None, as_json: bool) -> int:
    """Exit code: 0, or 1 if `--check` found other numbers."""
    settings = Settings()
    loaded = load_model(settings.home) if model is None else load_model_file(model)
    if check:
        return _check(data, loaded, as_json=as_json)
    if data:
        _report_rows(_rows(data, settings), loaded, png, as_json=as_json)
        return 0
    shipped = report_beside(loaded)
    states = asyncio.run(_outcomes(settings).states(LOCAL_TENANT)) if _has_store(settings) else ()
    if as_json:
        print_json(
            {
                "model": loaded.model.label,
                "digest": loaded.digest,
                "report": shipped,
                "generators": [s.model_dump(mode="json") for s in states],
            }
        )
        return 0
    about = f"trained {loaded.model.trained_on}  ({loaded.where})"
    out().print(f"{loaded.model.label}  {loaded.digest}  {about}", markup=False)
    if shipped is None:
        err().print("this model has no report beside it: qlp confidence train --full makes one")
    else:
        show_model_report(shipped)
    show_states(states)
    return 0


def _report_rows(rows: Sequence[Row], loaded: Loaded, png: Path | None, *, as_json: bool) -> None:
    _needs_training_extra()
    from qlp.confidence.measure.scored import score_rows

    scored = score_rows(rows, loaded)
    if png is not None:
        from qlp.confidence.measure.plots import draw

        draw(scored, png)
        err().print(f"wrote {png}", markup=False)
    if as_json:
        print_json(scored.report.model_dump(mode="json"))
        return
    for name in scored.report.trained_on:
        err().print(f"{name}: the model was trained on this set, so its numbers flatter", markup=False)
    show_sections("without outcomes", scored.report.before)
    show_sections("after 100 outcomes of each generator", scored.report.after)


def _check(data: Sequence[Path], loaded: Loaded, *, as_json: bool) -> int:
    _needs_training_extra()
    from qlp.confidence.training.checked import check_report

    if not data:
        raise InputError("--check trains again: give the rows that the model was made from by --data")
    differences = check_report(_rows(data, Settings()), loaded, say=lambda text: err().print(text, markup=False))
    if as_json:
        print_json({"reproduced": not differences, "differences": differences})
    else:
        for difference in differences:
            out().print(difference, markup=False)
        out().print("reproduced" if not differences else "NOT reproduced")
    return 1 if differences else 0


def train_model(
    paths: Sequence[Path], *, since: str | None, out: Path | None, name: str, version: str, full: bool, as_json: bool
) -> None:
    _needs_training_extra()
    from qlp.confidence.training.card import card
    from qlp.confidence.training.reported import model_report
    from qlp.confidence.training.train import Recipe, train

    settings = Settings()
    now = datetime.now(UTC)
    rows = _rows(paths, settings) if paths else []
    if since is not None:
        begin = now - _span(since)
        told = asyncio.run(_outcomes(settings).rows(tenant=LOCAL_TENANT, since=begin)) if _has_store(settings) else []
        err().print(f"{len(told)} outcomes told since {begin:%Y-%m-%d %H:%M}", markup=False)
        rows += told
    if not paths and since is None:
        raise InputError("say what to train on: --rows FILE_OR_DIR, --since 30d, or both")

    def say(text: str) -> None:
        err().print(text, markup=False)

    recipe = Recipe()
    model, parts = train(rows, name=name, version=version, on=now.date(), recipe=recipe, say=say)
    target = own_model(settings.home) if out is None else out
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, model.model_dump_json().encode())
    loaded = load_model_file(target)
    if full:
        report = model_report(rows, model, parts, recipe, say)
        write_atomically(target.with_suffix(".report.json"), report.model_dump_json().encode())
        write_atomically(target.with_suffix(".md"), card(model, report, loaded.digest).encode())
    if as_json:
        print_json({"model": model.label, "digest": loaded.digest, "file": str(target), "recipe": model.recipe})
    else:
        _say_trained(target, loaded)


def _say_trained(target: Path, loaded: Loaded) -> None:
    out().print(f"{loaded.model.label}  {loaded.digest}", markup=False)
    out().print(f"model      {target}", markup=False)


def explain_run(run_id: str, *, as_json: bool) -> None:
    run = asyncio.run(StoredRuns(Settings().home).get(run_id))
    if run.outcome is None:
        raise NotFoundError(f"run {run_id} has no result to explain: it is {run.status}")
    confidence = run.outcome.confidence
    if as_json:
        print_json({"run": run_id, "decision": run.outcome.decision, "because": run.outcome.decided_because,
                    "confidence": confidence.model_dump(mode="json")})  # fmt: skip
    else:
        show_contributions(confidence, run.outcome.decision, run.outcome.decided_because)


def tell_outcome(run_id: str, *, correct: bool, source: str, as_json: bool) -> None:
    settings = Settings()
    if not _has_store(settings):
        raise NotFoundError(f"there is no run {run_id}: nothing has been run here yet")
    told: Source | None = next((s for s in SOURCES if s == source), None)
    if told is None:
        raise InputError(f"{source!r} is no source of outcomes; there are {', '.join(SOURCES)}")
    recorded = asyncio.run(
        _outcomes(settings).record_outcome(run_id, correct=correct, source=told, tenant=LOCAL_TENANT)
    )
    if as_json:
        print_json(recorded.model_dump(mode="json"))
        return
    cell = recorded.cell
    out().print(f"{cell.generator} ({cell.language}, {cell.kind}): {recorded.outcomes} outcomes", markup=False)
    if recorded.drift is not None:
        err().print(
            f"drift: calibration error {recorded.drift.ece:.3f}, chance explains {recorded.drift.bound:.3f}; this "
            "generator is uncalibrated again until new outcomes are told",
            markup=False,
        )


def _rows(paths: Sequence[Path], settings: Settings) -> list[Row]:
    """Feature rows, and the rows of labelled solutions, which are probed in the sandbox first."""
    from qlp.confidence.row import read_rows
    from qlp.confidence.training.probed_rows import rows_of_labelled

    raw = [f for p in paths for f in (sorted(p.glob("*.jsonl.gz")) if p.is_dir() else [p]) if f.name.endswith(".gz")]
    plain = [p for p in paths if p not in raw and not (p.is_dir() and raw and not any(p.glob("*.jsonl")))]
    made = read_rows(plain) if plain else []
    if raw:
        made += asyncio.run(rows_of_labelled(raw, settings, say=lambda text: err().print(text, markup=False)))
    return made


def _outcomes(settings: Settings) -> OutcomeStore:
    return OutcomeStore(Database(sqlite_url(settings.home)))


def _has_store(settings: Settings) -> bool:
    return (settings.home / "store" / "qlp.db").is_file()


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} is no span of time: write 30d, 12h or 2w")
    return int(found[1]) * _UNITS[found[2]]


def _needs_training_extra() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("sklearn", "numpy") if find_spec(name) is None]
    if missing:
        raise QLPError(f"{', '.join(missing)} is not installed: pip install 'qlp[train]'")

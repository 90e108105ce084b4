"""The commands of `qlp confidence`; what they do is in confidence.py, imported when one runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from qlp.cli.screen import errors_shown

confidence_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="The probability that a result is right: train, report, explain, tell outcomes.",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@confidence_app.command("report")
def report(
    data: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--data", help="Feature rows (*.jsonl), labelled solutions (*.jsonl.gz), or a folder of them."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Train again on --data and compare with the shipped report (minutes).")
    ] = False,
    png: Annotated[Optional[Path], typer.Option(help="Write risk-coverage and calibration curves here.")] = None,  # noqa: UP045
    model: Annotated[Optional[Path], typer.Option(help="A model's file instead of the one in use.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """How good the confidence is. Without --data: the report of the model in use, and the outcomes told so far."""
    from qlp.cli.confidence import show_report

    with errors_shown(as_json):
        code = show_report(data or [], check=check, png=png, model=model, as_json=as_json)
    raise typer.Exit(code)


@confidence_app.command("train")
def train(
    rows: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--rows", help="Feature rows (*.jsonl), or a folder of them."),
    ] = None,
    since: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Also the outcomes told in this time, such as 30d or 12h."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--out", help="File of the model; by default the one that is used from then on."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the model.")] = "own",
    version: Annotated[str, typer.Option(help="Version of the model.")] = "1",
    full: Annotated[bool, typer.Option("--full", help="Measure the whole report, too (minutes).")] = False,
    as_json: Json = False,
) -> None:
    """Train a model on labelled rows and on the outcomes that were told. Needs qlp[train]."""
    from qlp.cli.confidence import train_model

    with errors_shown(as_json):
        train_model(rows or [], since=since, out=out, name=name, version=version, full=full, as_json=as_json)


@confidence_app.command("explain")
def explain(run_id: str, as_json: Json = False) -> None:
    """Why a run has its probability: what every feature moved."""
    from qlp.cli.confidence import explain_run

    with errors_shown(as_json):
        explain_run(run_id, as_json=as_json)


@confidence_app.command("outcome")
def outcome(
    run_id: str,
    correct: Annotated[bool, typer.Option("--correct/--wrong", help="Whether the result was right.")],
    source: Annotated[str, typer.Option(help="Who says so: user, ci or tests.")] = "user",
    as_json: Json = False,
) -> None:
    """Tell what became of a run's result; its generator's probabilities are calibrated on it."""
    from qlp.cli.confidence import tell_outcome

    with errors_shown(as_json):
        tell_outcome(run_id, correct=correct, source=source, as_json=as_json)

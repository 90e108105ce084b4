"""The commands of `qlp prompts`; what they do is in prompts.py, imported when one runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from qlp.cli.screen import errors_shown

prompts_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Prompts of the roles: list, show, compare on a task set.",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@prompts_app.command("list")
def list_(as_json: Json = False) -> None:
    """Every prompt with its version and hash."""
    from qlp.cli.prompts import list_prompts

    with errors_shown(as_json):
        list_prompts(as_json=as_json)


@prompts_app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A prompt's name, or a .j2 file of your own.")], as_json: Json = False
) -> None:
    """The template of a prompt."""
    from qlp.cli.prompts import show_prompt

    with errors_shown(as_json):
        show_prompt(name, as_json=as_json)


@prompts_app.command("eval")
def eval_(
    tasks: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--tasks", help="JSON list of tasks with tests; by default the set that comes with QLP."),
    ] = None,
    variant: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--variant", help="A prompt's name or a .j2 file; several are compared."),
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, max=50, help="Answers of each variant to each task.")] = 1,
    limit: Annotated[Optional[int], typer.Option(min=1, help="Only the first tasks.")] = None,  # noqa: UP045
    max_cost: Annotated[Optional[str], typer.Option("--max-cost", help="Cap of model cost, US dollars.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option("-o", "--out", help="Write every trial as JSON here.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Run each prompt on a task set with the configured model; the tests decide. Pass rates, cost, a paired test."""
    from qlp.cli.prompts import evaluate

    with errors_shown(as_json):
        evaluate(
            tasks,
            variant or ["implementer", "implementer-stepwise"],
            repeat=repeat,
            limit=limit,
            max_cost=max_cost,
            out=out,
            as_json=as_json,
        )

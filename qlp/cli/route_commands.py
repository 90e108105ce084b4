"""The commands of `qlp route` and `qlp experiments`; what they do is in route.py, imported when one runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer
from typer.core import TyperGroup

from qlp.cli.screen import errors_shown


class _RequestFirst(TyperGroup):
    """`qlp route "a request"` is `qlp route explain "a request"`: whatever names no command is a request."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        asks_for_help = bool(args) and args[0] in ("--help", "-h")
        if args and args[0] not in self.commands and not asks_for_help:
            args = ["explain", *args]
        return super().parse_args(ctx, args)


route_app = typer.Typer(
    cls=_RequestFirst,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help='Which tier, model and number of candidates a request would get: qlp route "a request".',
)
experiments_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Experiments between policies, prompts or models (settings: routing.experiments).",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@route_app.command("explain")
def explain(
    request: Annotated[Optional[str], typer.Argument(help="What to build, in plain language.")] = None,  # noqa: UP045
    file: Annotated[Optional[Path], typer.Option("--file", help="Read the request from a file; - is stdin.")] = None,  # noqa: UP045
    language: Annotated[Optional[str], typer.Option("--language", help="python, javascript, typescript or go.")] = None,  # noqa: UP045
    test: Annotated[Optional[list[Path]], typer.Option("--test", help="A test file that the result must pass.")] = None,  # noqa: UP045
    tier: Annotated[Optional[str], typer.Option("--tier", help="Force t0, t1, t2 or t3.")] = None,  # noqa: UP045
    max_cost: Annotated[Optional[str], typer.Option("--max-cost", help="Cap of model cost, US dollars.")] = None,  # noqa: UP045
    tenant: Annotated[str, typer.Option(help="Whose outcomes and rules count.")] = "local",
    as_json: Json = False,
) -> None:
    """Explain a decision with its alternatives and expected costs. Nothing is run, no model is asked."""
    from qlp.cli.route import explain_request
    from qlp.cli.run import make_request, read_request

    with errors_shown(as_json):
        wish = make_request(read_request(request, file), language, test or [], tier, max_cost, None)
        explain_request(wish, tenant=tenant, as_json=as_json)


@route_app.command("replay")
def replay(
    policy: Annotated[
        str, typer.Option("--policy", help="learned, greedy, ladder, cheapest, best, or a JSON file with a table.")
    ],
    since: Annotated[Optional[str], typer.Option(help="Only decisions of this time, such as 30d or 12h.")] = None,  # noqa: UP045
    tenant: Annotated[Optional[str], typer.Option(help="Only this tenant's decisions.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Estimate what a policy would have cost and reached on the decisions that were logged."""
    from qlp.cli.route import replay_log

    with errors_shown(as_json):
        replay_log(policy, since=since, tenant=tenant, as_json=as_json)


@experiments_app.command("ls")
def experiments_ls(as_json: Json = False) -> None:
    """All experiments with their arms."""
    from qlp.cli.experiments import list_experiments

    with errors_shown(as_json):
        list_experiments(as_json=as_json)


@experiments_app.command("show")
def experiments_show(name: str, as_json: Json = False) -> None:
    """One experiment: rates, costs, and whether a difference is proven."""
    from qlp.cli.experiments import show_experiment

    with errors_shown(as_json):
        show_experiment(name, as_json=as_json)

"""The commands of money: `qlp cost`, `qlp estimate`, `qlp budget`; what they do is in money.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from qlp.cli.screen import errors_shown

budget_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Budgets: most that a tenant, key, user or run may spend.",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose; the command line's own is `local`.")]
Per = Annotated[str, typer.Option("--per", help="day, month or total (UTC).")]


def register(app: typer.Typer) -> None:
    app.command()(cost)
    app.command()(estimate)
    app.add_typer(budget_app, name="budget")


def cost(
    run_id: Annotated[Optional[str], typer.Argument(metavar="RUN", help="Only this run.")] = None,  # noqa: UP045
    by: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--by", help="run, task, tenant, user, model, key, tier or day."),
    ] = None,
    since: Annotated[Optional[str], typer.Option(help="30d, 12h, 2026-11-01 or an ISO time.")] = None,  # noqa: UP045
    until: Annotated[Optional[str], typer.Option(help="The same.")] = None,  # noqa: UP045
    tenant: Annotated[Optional[str], typer.Option(help="Only this one; by default all.")] = None,  # noqa: UP045
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")] = False,
    as_json: Json = False,
) -> None:
    """What was spent on models, from the store on this machine."""
    from qlp.cli.money import show_costs

    with errors_shown(as_json):
        show_costs(run_id, by=by, since=since, until=until, tenant=tenant, as_csv=as_csv, as_json=as_json)


def estimate(
    request: Annotated[Optional[str], typer.Argument(help="What to build, in plain language.")] = None,  # noqa: UP045
    file: Annotated[Optional[Path], typer.Option("--file", help="Read the request from a file; - is stdin.")] = None,  # noqa: UP045
    language: Annotated[Optional[str], typer.Option("--language", help="python, javascript, typescript or go.")] = None,  # noqa: UP045
    test: Annotated[Optional[list[Path]], typer.Option("--test", help="A test file that the result must pass.")] = None,  # noqa: UP045
    tier: Annotated[Optional[str], typer.Option("--tier", help="Force t0, t1, t2 or t3.")] = None,  # noqa: UP045
    max_cost: Annotated[Optional[str], typer.Option("--max-cost", help="Cap of model cost, US dollars.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """What `qlp run` of the same request may cost, with a range from earlier runs. Makes nothing."""
    from qlp.cli.money import show_estimate
    from qlp.cli.run import make_request, read_request

    with errors_shown(as_json):
        wish = make_request(read_request(request, file), language, test or [], tier, max_cost, None)
        show_estimate(wish, as_json=as_json)


@budget_app.command("set")
def budget_set(
    scope: Annotated[str, typer.Argument(help="tenant, key, user or run.")],
    amount: Annotated[str, typer.Argument(help="US dollars, such as 25 or 0.50.")],
    subject: Annotated[str, typer.Option("--of", help="The key's id, the user or the run.")] = "",
    per: Per = "month",
    tenant: Tenant = "local",
    as_json: Json = False,
) -> None:
    """Set a cap; it holds from the next model call on, beside those of the settings."""
    from qlp.cli.money import set_budget

    with errors_shown(as_json):
        set_budget(tenant, scope, subject, per, amount, as_json=as_json)


@budget_app.command("ls")
def budget_ls(tenant: Tenant = "local", as_json: Json = False) -> None:
    """The caps, and how much of them is used."""
    from qlp.cli.money import list_budgets

    with errors_shown(as_json):
        list_budgets(tenant, as_json=as_json)


@budget_app.command("list", hidden=True)
def budget_list(tenant: Tenant = "local", as_json: Json = False) -> None:
    """As `ls`."""
    budget_ls(tenant, as_json)


@budget_app.command("rm")
def budget_rm(
    scope: Annotated[str, typer.Argument(help="tenant, key, user or run.")],
    subject: Annotated[str, typer.Option("--of", help="The key's id, the user or the run.")] = "",
    per: Per = "month",
    tenant: Tenant = "local",
    as_json: Json = False,
) -> None:
    """Remove a cap that was set."""
    from qlp.cli.money import remove_budget

    with errors_shown(as_json):
        remove_budget(tenant, scope, subject, per, as_json=as_json)

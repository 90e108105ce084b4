"""A command whose `--` divides its own arguments from somebody else's."""

from __future__ import annotations

import typer
from typer.core import TyperCommand

_KEY = "qlp.after_dashes"


class AfterDashes(TyperCommand):
    """Keeps what follows the first `--` apart; `after_dashes` gives it."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if "--" in args:
            place = args.index("--")
            ctx.meta[_KEY] = args[place + 1 :]
            args = args[:place]
        return super().parse_args(ctx, args)


def after_dashes(ctx: typer.Context) -> list[str]:
    found: list[str] = ctx.meta.get(_KEY, [])
    return found

"""Where the command line writes: progress to stderr, the result to stdout."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from qlp.cli import exit_codes
from qlp.errors import QLPError

if TYPE_CHECKING:
    from rich.console import Console


@cache
def err() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


@cache
def out() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def fail(error: QLPError, *, as_json: bool) -> int:
    """Show an error and return its exit code."""
    if as_json:
        print_json({"error": {"code": error.code, "detail": error.detail, "retryable": error.retryable, **error.extra}})
    else:
        err().print(f"[bold red]{error.code}[/]: ", end="")
        err().print(error.detail, markup=False)
    return exit_codes.of_error(error.code)


@contextmanager
def errors_shown(as_json: bool) -> Iterator[None]:
    """Ends the command with the right exit code when an error or Ctrl-C comes up. QLP_DEBUG=1 lets defects through."""
    import typer

    try:
        yield
    except QLPError as error:
        raise typer.Exit(fail(error, as_json=as_json)) from None
    except KeyboardInterrupt:
        err().print("interrupted")
        raise typer.Exit(exit_codes.INTERRUPTED) from None
    except typer.Exit:
        raise
    except Exception as error:  # boundary: the user gets one line, and how to see the rest
        if os.environ.get("QLP_DEBUG"):
            raise
        said = f"{type(error).__name__}: {error}"
        told = QLPError(f"{said} (a defect of QLP, or of this machine; QLP_DEBUG=1 shows where)")
        raise typer.Exit(fail(told, as_json=as_json)) from None

"""Errors as data and back: what a step or a flow failed with, recorded and raised again with its class."""

from __future__ import annotations

from qlp.errors import QLPError, error_class
from qlp.models import Problem


def to_problem(error: QLPError) -> Problem:
    extra = {key: _plain(value) for key, value in error.extra.items()}
    return Problem(code=error.code, detail=error.detail, retryable=error.retryable, extra=extra)


def internal_problem(error: Exception) -> Problem:
    """A defect of ours: the class is told, the text of the exception stays in the log."""
    return Problem(code=QLPError.code, detail=f"internal error ({type(error).__name__}); the worker's log has more")


def from_problem(problem: Problem) -> QLPError:
    return error_class(problem.code)(problem.detail, **problem.extra)


def _plain(value: object) -> object:
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)

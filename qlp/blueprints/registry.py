"""The blueprints that ship with QLP, and the choice among them."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from qlp.blueprints.protocol import Blueprint, Match
from qlp.models import Analysis

_BUILT_IN = (
    ("qlp.blueprints.fastapi_crud", "FastApiCrud"),
    ("qlp.blueprints.express_crud", "ExpressCrud"),
    ("qlp.blueprints.go_crud", "GoCrud"),
    ("qlp.blueprints.python_cli", "PythonCli"),
    ("qlp.blueprints.python_library", "PythonLibrary"),
    ("qlp.blueprints.data_pipeline", "DataPipeline"),
    ("qlp.blueprints.functions", "FunctionCatalogue"),
)


@cache
def blueprints() -> tuple[Blueprint, ...]:
    return tuple(getattr(import_module(module), name)() for module, name in _BUILT_IN)


def by_name(name: str) -> Blueprint:
    """`fastapi-crud` or `fastapi-crud@1`; raises KeyError."""
    return {b.name: b for b in blueprints()}[name.split("@")[0]]


def matches(analysis: Analysis) -> list[Match]:
    """All blueprints, the best first; ties keep the registry's order."""
    return sorted((b.match(analysis) for b in blueprints()), key=lambda m: -m.score)

"""Lines of Python as ruff formats them: what fits stands on one line, the rest one item a line."""

from __future__ import annotations

import json
from collections.abc import Iterable

from qlp.blueprints.fastapi_crud.samples import Value

LINE = 100
"""Line length of the generated project."""


def literal(value: Value | None) -> str:
    """A Python literal as ruff formats it."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def fit(head: str, items: Iterable[str], tail: str, indent: int = 0) -> str:
    """`head` + items + `tail` on one line if that fits, else one item a line: the formatter's own choice."""
    listed = list(items)
    line = f"{head}{', '.join(listed)}{tail}"
    if indent + len(line) <= LINE or not listed:
        return line
    pad = " " * (indent + 4)
    return "\n".join([head, *(f"{pad}{item}," for item in listed), " " * indent + tail])


def imports(module: str, names: Iterable[str]) -> str:
    """Import lines in isort's order (constants, classes, functions); `x as y` stands on a line of its own."""
    listed = sorted(names, key=_isort_key)
    plain = [n for n in listed if " as " not in n]
    groups = ([plain] if plain else []) + [[n] for n in listed if " as " in n]
    return "\n".join(_import(module, group) for group in sorted(groups, key=lambda g: _isort_key(g[0])))


def _isort_key(name: str) -> tuple[bool, bool, str]:
    return (not name.isupper(), name[0].islower(), name)


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LINE:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def block(lines: Iterable[str]) -> str:
    """Import lines of one section in isort's order, by module."""
    return "\n".join(sorted(lines, key=lambda line: line.split()[1]))


def route(method: str, path: str, statuses: Iterable[int], status: int = 200) -> str:
    """The decorator of an operation that answers `status`, or problem details with one of `statuses`."""
    errors = ", ".join(f'{each}: {{"model": Problem}}' for each in statuses)
    items = [f'"{path}"']
    if status != 200:
        items.append(f"status_code={status}")
    if errors:
        items.append(f"responses={{{errors}}}")
    return fit(f"@router.{method}(", items, ")")


def suffix(items: Iterable[str], ending: str) -> list[str]:
    return [item + ending for item in items]


def pairs(items: Iterable[str]) -> list[str]:
    return [f'"{item}": {item}' for item in items]


def keywords(items: Iterable[str]) -> list[str]:
    return [f"{item}={item}" for item in items]

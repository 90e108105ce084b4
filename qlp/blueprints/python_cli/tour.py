"""The command lines of the tour, and what the tool must print for the last list: computed here, not by the tool."""

from __future__ import annotations

from qlp.blueprints.python_cli.samples import text_table
from qlp.blueprints.python_cli.tables import Table, Take
from qlp.blueprints.python_cli.verbs import Command

Samples = dict[str, list[dict[str, str]]]
_RIGHT = frozenset({"int", "decimal", "float"})


def _prefix(table: Table, many: bool) -> list[str]:
    return [table.label.replace(" ", "-")] if many else []


def _name(commands: list[Command], action: str) -> str:
    return next(c.name for c in commands if c.action == action)


def _options(table: Table, row: dict[str, str]) -> list[str]:
    words: list[str] = []
    for column in table.columns:
        text = row.get(column.name)
        if text is None:
            continue
        if column.kind == "bool":
            words += [column.option] if text == "true" else []
        else:
            words.append(f"{column.option}={text}")
    return words


def shown_table(tables: tuple[Table, ...], takes: tuple[Take, ...]) -> Table:
    """The table that the tour lists last: the one whose level was reduced, else the last one filled."""
    return next((t for t in tables if t.plural in {k.target_table for k in takes}), tables[-1])


def tour_lines(
    tables: tuple[Table, ...], takes: tuple[Take, ...], commands: dict[str, list[Command]], samples: Samples
) -> list[list[str]]:
    many = len(tables) > 1
    lines = []
    for table in tables:
        for row in samples[table.plural]:
            lines.append([*_prefix(table, many), _name(commands[table.name], "add"), *_options(table, row)])
    shown = shown_table(tables, takes)
    setter = next((c for c in commands[shown.name] if c.action == "set"), None)
    if setter:
        lines.append([*_prefix(shown, many), setter.name, "1"])
    lines.append([*_prefix(shown, many), _name(commands[shown.name], "list")])
    for table in tables:
        if any(c.action == "total" for c in commands[table.name]):
            lines.append([*_prefix(table, many), _name(commands[table.name], "total")])
    return lines


def expected_list(
    tables: tuple[Table, ...], takes: tuple[Take, ...], commands: dict[str, list[Command]], samples: Samples
) -> str:
    """The listed table after the whole tour."""
    shown = shown_table(tables, takes)
    rows = [dict(row) for row in samples[shown.plural]]
    setter = next((c for c in commands[shown.name] if c.action == "set"), None)
    if setter:
        rows[0][setter.column] = setter.value
    for take in takes:
        if take.target_table == shown.plural:
            source = next(t for t in tables if t.name == take.source)
            for row in samples[source.plural]:
                target = rows[int(row[take.reference]) - 1]
                target[take.field] = str(int(target[take.field]) - int(row[take.quantity]))
    headers = ["id", *(c.name for c in shown.columns)]
    cells = [[str(i), *(row.get(c.name, "") for c in shown.columns)] for i, row in enumerate(rows, start=1)]
    right = {0, *(i for i, c in enumerate(shown.columns, start=1) if c.kind in _RIGHT)}
    return "\n".join(text_table(headers, cells, right))

"""The sample file of a pipeline: good rows, two bad ones, and the report that they must give."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import NAMESPACE_URL, uuid5

from qlp.blueprints.data_pipeline.reports import Report
from qlp.blueprints.python_cli.samples import sample_text, text_table
from qlp.blueprints.python_cli.tables import Column, Table

GOOD = 12
_LENGTH = {"day": 10, "month": 7, "year": 4}
_UNUSUAL = 'caf\u00e9, "quoted" \u2013 na\u00efve'


def _value(table: Table, column: Column, index: int) -> str:
    if not column.required and index % 5 == 4:
        return ""
    if column.choices:
        return column.choices[index % len(column.choices)]
    if column.references:
        return str(index % 3 + 1)
    least = Decimal(column.minimum) if column.minimum is not None else Decimal(0)
    # A minimum may have digits after the point: whole steps above it stay valid for every kind of number.
    base = int(least.to_integral_value()) + 1
    match column.kind:
        case "int":
            return str(base + (index if column.unique or column.name == "id" else index * 5 % 9))
        case "decimal":
            return f"{base + Decimal(7 * index * index + 125 * index + 1150) / 100:.2f}"
        case "float":
            return str(base + index * 1.5)
        case "bool":
            return "true" if index % 3 else "false"
        case "date":
            return (date(2026, 1, 5) + timedelta(days=8 * index)).isoformat()
        case "datetime":
            return (datetime(2026, 1, 5, 9, 30, tzinfo=UTC) + timedelta(days=8 * index)).isoformat()
        case "uuid":
            return str(uuid5(NAMESPACE_URL, f"{table.plural}/{column.name}/{index}"))
        case "email":
            return f"user{index + 1}@example.org" if column.unique else sample_text(table.name, column, index % 3)
        case "url":
            return f"https://example.org/{index + 1 if column.unique else index % 3 + 1}"
        case "text" if index == 1:
            return _UNUSUAL
    text = sample_text(table.name, column, index % 3)
    return f"{column.name[0].upper()}-{1001 + index}" if column.unique or column.name == "id" else text


def good_rows(table: Table) -> list[dict[str, str]]:
    return [{c.name: _value(table, c, i) for c in table.columns} for i in range(GOOD)]


def bad_value(table: Table) -> tuple[str, str]:
    """A column, and a text that it does not accept."""
    wrong = {"int": "twelve", "decimal": "1.005", "float": "much", "date": "2026-02-30", "datetime": "soon"}
    column = next((c for c in table.columns if c.kind in wrong), None)
    if column is not None:
        return column.name, wrong[column.kind]
    return next(c.name for c in table.columns if c.required), ""


def _bad_row(table: Table) -> dict[str, str]:
    name, text = bad_value(table)
    return {c.name: _value(table, c, GOOD) for c in table.columns} | {name: text}


def csv_file(table: Table) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = [c.name for c in table.columns]
    rows = [list(r.values()) for r in good_rows(table)]
    writer.writerow(names)
    writer.writerows(rows[:5])
    writer.writerow(list(_bad_row(table).values()))
    writer.writerows(rows[5:])
    writer.writerow([*rows[0], "one cell too many"])
    return buffer.getvalue()


def _typed(column: Column, text: str) -> object:
    if text == "":
        return None
    if column.kind == "int":
        return int(text) if text.lstrip("-").isdigit() else text
    if column.kind == "bool":
        return text == "true"
    return text


def jsonl_file(table: Table) -> str:
    rows = [{c.name: _typed(c, r[c.name]) for c in table.columns} for r in good_rows(table)]
    bad = {c.name: _typed(c, _bad_row(table)[c.name]) for c in table.columns}
    lines = [json.dumps(r, ensure_ascii=False) for r in [*rows[:5], bad, *rows[5:]]]
    return "\n".join([*lines, json.dumps(["not", "an", "object"])]) + "\n"


def _key(table: Table, report: Report, row: dict[str, str]) -> str:
    if not report.group:
        return "all"
    if table.column(report.group):
        return row[report.group]
    period = table.first("date", "datetime")
    return row[period.name][: _LENGTH[report.group]] if period else ""


def _figure(metric: str, kind: str, rows: int, values: list[Decimal]) -> str:
    if metric == "count":
        return str(rows)
    if not values:
        return ""
    if metric == "average":
        return format((sum(values, Decimal(0)) / len(values)).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN), "f")
    number = {"total": sum(values), "smallest": min(values), "largest": max(values)}[metric]
    return str(float(number)) if kind == "float" else format(number, "f")


def _order(table: Table, report: Report, key: str) -> tuple[int, Decimal, str]:
    """SQLite's order: nothing first, numbers by size, texts by code point."""
    column = table.column(report.group) if report.group else None
    number = column is not None and column.kind in ("int", "decimal", "float") and key != ""
    return (0 if key == "" else 1, Decimal(key) if number else Decimal(0), key)


def expected_report(table: Table, report: Report) -> str:
    """The text table of one report over the good rows, counted here and not by the generated code."""
    groups: dict[str, list[dict[str, str]]] = {}
    for row in good_rows(table):
        groups.setdefault(_key(table, report, row), []).append(row)
    kind = next((c.kind for c in table.columns if c.name == report.column), "")
    lines = []
    for key in sorted(groups, key=lambda k: _order(table, report, k)):
        rows = groups[key]
        values = [Decimal(r[report.column]) for r in rows if report.column and r[report.column]]
        lines.append([key or "(none)", *(_figure(m, kind, len(rows), values) for m in report.metrics)])
    headers = [report.group or "group", *(m if m == "count" else f"{m} {report.column}" for m in report.metrics)]
    body = text_table(headers, lines, set(range(1, len(headers))))
    return "\n".join([report.title, *body])

"""Which figures a pipeline reports: `total amount per customer` -> sum of `amount` grouped by `customer`."""

from __future__ import annotations

from dataclasses import dataclass

from qlp.blueprints.python_cli.tables import Column, Table
from qlp.blueprints.python_cli.verbs import PERIOD_WORDS, named_group

_METRICS = {
    "total": ("total", "totals", "sum", "sums", "revenue", "sales"),
    "average": ("average", "averages", "avg", "mean"),
    "count": ("count", "counts", "number", "many"),
    "smallest": ("min", "minimum", "lowest", "smallest"),
    "largest": ("max", "maximum", "highest", "largest"),
}
_METRIC_OF = {word: metric for metric, words in _METRICS.items() for word in words}
ORDER = ("count", "total", "average", "smallest", "largest")
_SMALL = frozenset(
    {"of", "the", "a", "an", "each", "every", "and", "for", "all", "per", "by", "orders", "values", "rows"}
)
_PERIOD_LENGTH = {"day": 10, "month": 7, "year": 4}


@dataclass(frozen=True)
class Report:
    """Figures of one number (or of the rows alone) in groups of one column or period."""

    group: str
    """A column, `day`, `month`, `year`, or empty for one group of everything."""
    column: str
    """Empty where only rows are counted."""
    metrics: tuple[str, ...]

    @property
    def title(self) -> str:
        what = f" of {self.column.replace('_', ' ')}" if self.column else ""
        group = f" by {self.group.replace('_', ' ')}" if self.group else ""
        return f"{', '.join(self.metrics)}{what}{group}"

    def sql(self, table: Table) -> str:
        group = "'all'"
        if self.group:
            column = table.column(self.group)
            period = table.first("date", "datetime")
            if column is not None:
                group = f'"{column.name}"'
            elif period is not None:
                group = f'substr("{period.name}", 1, {_PERIOD_LENGTH[self.group]})'
        number = f'"{self.column}"' if self.column else "NULL"
        return (
            f'SELECT\n    {group} AS "group",\n    COUNT(*),\n    COUNT({number}),\n    SUM({number}),\n'
            f'    MIN({number}),\n    MAX({number})\nFROM "{table.plural}"\nGROUP BY 1\nORDER BY 1'
        )


@dataclass(frozen=True)
class Wishes:
    reports: tuple[Report, ...]
    missing: tuple[str, ...]
    assumptions: tuple[str, ...]


def _number(table: Table, words: list[str]) -> tuple[Column | None, str]:
    """The number that the words name, else the most likely one; the second value is a word that names none."""
    numbers = [c for c in table.columns if c.is_number]
    said = [w for w in words if w not in _SMALL and w not in _METRIC_OF]
    joined = "_".join(said)
    for column in numbers:
        if column.name in (joined, joined.removesuffix("s")) or column.name in said:
            return column, ""
        if any(w.removesuffix("s") == column.name.removesuffix("s") for w in said):
            return column, ""
    rows = {*table.name.split("_"), *table.plural.split("_")}
    vain = [w for w in said if w not in rows]
    fallback = next((c for c in numbers if c.kind == "decimal"), numbers[0] if numbers else None)
    return fallback, vain[-1] if vain and said == vain else ""


def _wish(table: Table, before: list[str], group: str) -> tuple[Report | None, str]:
    """One `<metric> <number> per <group>`; the second value says what it lacks."""
    metrics = {_METRIC_OF[w] for w in before if w in _METRIC_OF}
    if not metrics:
        return None, ""
    found = named_group(table, group)
    if not found:
        return None, f"figures by {group.replace('_', ' ')}, which is no field of {table.label}"
    if metrics == {"count"}:
        return Report(found, "", ("count",)), ""
    at = next(i for i, w in enumerate(before) if w in _METRIC_OF)
    number, vain = _number(table, before[at:])
    if number is None:
        if metrics <= {"count", "total"}:
            return Report(found, "", ("count",)), ""
        return None, f"{', '.join(sorted(metrics))} without a number"
    if vain:
        return None, f"figures of {vain}, which is no number of {table.label}"
    return Report(found, number.name, tuple(m for m in ORDER if m in metrics | {"count"})), ""


def wishes_of(table: Table, asked: tuple[str, ...], words: tuple[str, ...]) -> Wishes:
    """From the analysis' report names if it found any, else from the words themselves."""
    found: list[Report] = []
    missing: list[str] = []
    phrases: list[tuple[list[str], str]] = []
    for name in asked:
        head, marker, group = name.lower().replace("_", "-").partition("-per-")
        if not marker:
            head, marker, group = name.lower().replace("_", "-").partition("-by-")
        if marker:
            phrases.append((head.split("-"), group.replace("-", "_")))
        else:
            missing.append(f"report {name}")
    if not phrases:
        phrases = _phrases(table, words)
    for before, group in phrases:
        report, problem = _wish(table, before, group)
        if report:
            found.append(report)
        elif problem:
            missing.append(problem)
    if found or missing:
        return Wishes(_merged(found), tuple(dict.fromkeys(missing)), ())
    report = _default(table)
    return Wishes((report,), (), (f"the report shows {report.title}",))


def _phrases(table: Table, words: tuple[str, ...]) -> list[tuple[list[str], str]]:
    phrases: list[tuple[list[str], str]] = []
    last = 0
    for i, word in enumerate(words):
        if word in ("by", "per") and i + 1 < len(words):
            at = i + 1
            while at < len(words) - 1 and words[at] in ("each", "the", "every"):
                at += 1
            two = "_".join(words[at : at + 2])
            group = two if named_group(table, two) else words[at]
            before = list(words[max(last, i - 6) : i])
            # `and per month` goes on with the metric of the group before.
            if phrases and not any(w in _METRIC_OF for w in before):
                before = phrases[-1][0] if before in (["and"], []) else before
            phrases.append((before, group))
            last = at + 1
        elif word in PERIOD_WORDS and word not in _PERIOD_LENGTH and i + 1 < len(words):
            phrases.append((list(words[i + 1 : i + 4]), PERIOD_WORDS[word]))
    return phrases


def _merged(reports: list[Report]) -> tuple[Report, ...]:
    """Figures of the same number in the same groups share one table."""
    tables: dict[tuple[str, str], set[str]] = {}
    for report in reports:
        tables.setdefault((report.group, report.column), set()).update(report.metrics)
    return tuple(Report(g, c, tuple(m for m in ORDER if m in found)) for (g, c), found in tables.items())


def _default(table: Table) -> Report:
    number = next((c for c in table.columns if c.is_number and c.kind == "decimal"), None)
    number = number or next((c for c in table.columns if c.is_number), None)
    groups = [c for c in table.columns if c.choices] or [c for c in table.columns if c.references]
    groups = groups or [c for c in table.columns if c.kind == "str" and not c.unique and c.name != "id"]
    group = groups[0].name if groups else ""
    if number is None:
        return Report(group, "", ("count",))
    return Report(group, number.name, ("count", "total", "average"))

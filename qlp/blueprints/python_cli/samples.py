"""Example values for the tour, the tests and the expected output; the same request always gives the same ones."""

from __future__ import annotations

from decimal import Decimal

from qlp.blueprints.python_cli.tables import Column, Table

_WORDS: dict[str, tuple[str, ...]] = {
    "title": ("The Left Hand of Darkness", "A Wizard of Earthsea", "The Dispossessed"),
    "name": ("Ada Lovelace", "Grace Hopper", "Edsger Dijkstra"),
    "author": ("Ursula K. Le Guin", "Octavia Butler", "Italo Calvino"),
    "customer": ("Ada", "Grace", "Edsger"),
    "category": ("food", "travel", "books"),
    "city": ("Lisbon", "Oslo", "Kyoto"),
    "country": ("Portugal", "Norway", "Japan"),
    "region": ("north", "south", "west"),
    "product": ("keyboard", "monitor", "cable"),
    "currency": ("EUR", "USD", "JPY"),
    "status": ("open", "closed", "waiting"),
    "priority": ("high", "low", "medium"),
    "tag": ("home", "work", "garden"),
    "note": ("first of the month", "paid in cash", "with friends"),
    "description": ("Plain and simple", "With a long tail", "As agreed"),
    "task": ("Water the plants", "Write the report", "Call the bank"),
    "phone": ("+351210000000", "+4721000000", "+81750000000"),
    "isbn": ("9780441478125", "9780547773742", "9780061054884"),
}
_BY_KIND: dict[str, tuple[str, ...]] = {
    "int": ("12", "7", "30"),
    "decimal": ("12.50", "7.25", "30.00"),
    "float": ("1.5", "2.25", "3.75"),
    "bool": ("false", "false", "false"),
    "date": ("2026-01-15", "2026-02-03", "2026-02-28"),
    "datetime": ("2026-01-15T09:30:00+00:00", "2026-02-03T18:00:00+00:00", "2026-02-28T23:59:59+00:00"),
    "email": ("ada@example.org", "grace@example.org", "edsger@example.org"),
    "url": ("https://example.org/a", "https://example.org/b", "https://example.org/c"),
    "uuid": (
        "0b6f1c1e-6a3f-4a53-9d5e-0f6b0a3c1d11",
        "5f0b7a54-1c62-4a0c-8d4a-6a2f1f0e7b22",
        "c2d6f3a8-9e1b-4f7d-b3a5-7c8e9d0f1a33",
    ),
}
COUNT = 3


def sample_text(table: str, column: Column, index: int) -> str:
    """A valid value as a user would type it; `index` counts from 0, values differ for indices below `COUNT`."""
    if column.references:
        return str(index + 1)
    if column.choices:
        return column.choices[index % len(column.choices)]
    if column.kind in _BY_KIND:
        text = _BY_KIND[column.kind][index]
        if column.minimum is not None and column.is_number and Decimal(text) < Decimal(column.minimum):
            text = str(int(Decimal(column.minimum)) + 1 + index)
        return f"{Decimal(text):.2f}" if column.kind == "decimal" else text
    words = _WORDS.get(column.name) or _WORDS.get(column.name.removesuffix("s"))
    if words is None:
        words = next((w for stem, w in _WORDS.items() if column.name.endswith(f"_{stem}")), None)
    if column.name in ("title", "name", "description") and table in ("task", "todo", "item"):
        words = _WORDS["task"]
    elif column.name == "name" and table in ("product", "item", "article"):
        words = _WORDS["product"]
    return words[index] if words else f"{column.name.replace('_', ' ')} {'abc'[index]}"


def sample_rows(table: Table, *, small: frozenset[str] = frozenset()) -> list[dict[str, str]]:
    """`COUNT` rows of raw text by column. `small` names quantities that a stock must be able to give: 1, 2, 3."""
    return [
        {
            c.name: str(index + 1) if c.name in small else sample_text(table.name, c, index)
            for c in table.columns
            if c.references != table.plural
        }
        for index in range(COUNT)
    ]


def text_table(headers: list[str], rows: list[list[str]], right: set[int]) -> list[str]:
    """The generated project's own table layout, line by line."""
    widths = [max(len(r[i]) for r in [headers, *rows]) for i in range(len(headers))]

    def line(cells: list[str]) -> str:
        padded = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return "  ".join(padded).rstrip()

    return [line(headers), "  ".join("-" * w for w in widths), *(line(r) for r in rows)]

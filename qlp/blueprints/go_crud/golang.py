"""Names and declarations of Go, laid out as gofmt would."""

from __future__ import annotations

import json
from collections.abc import Iterable

_INITIALISMS = frozenset(
    {
        *("api", "ascii", "cpu", "css", "dns", "guid", "html", "http", "https", "id", "ip", "isbn", "json", "sku"),
        *("sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "uid", "uri", "url", "uuid", "vat", "vm", "xml"),
    }
)
_TAKEN = frozenset(
    {
        *("break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func"),
        *("go", "goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct"),
        *("switch", "type", "var", "mu", "path", "undo", "transaction", "tables", "load", "save"),
    }
)
"""Keywords, and what the store calls its own fields and methods."""


def exported(name: str) -> str:
    """book_id -> BookID."""
    words = (part for part in name.split("_") if part)
    return "".join(w.upper() if w in _INITIALISMS else w[:1].upper() + w[1:] for w in words)


def unexported(name: str) -> str:
    """order_lines -> orderLines; a word that Go or the templates need gets a suffix."""
    first, *rest = (part for part in name.split("_") if part)
    word = first + "".join(exported(part) for part in rest)
    return f"{word}Rows" if word in _TAKEN else word


def type_name(entity: str) -> str:
    """The entity's own name unless a derived name looks the same."""
    return f"{entity}Entity" if entity.endswith(("Fields", "Choices")) else entity


def string(value: str) -> str:
    """A Go string literal of printable text."""
    return json.dumps(value, ensure_ascii=False)


def imports(*groups: Iterable[str]) -> str:
    """An import declaration with one group a block, sorted."""
    filled = [sorted(set(g)) for g in groups]
    lines = "\n\n".join("\n".join(f'\t"{path}"' for path in group) for group in filled if group)
    return f"import (\n{lines}\n)" if "\n" in lines else f"import {lines.strip()}"


def aligned(rows: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Columns padded as in a struct; the last one of a row is not."""
    table = tuple(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return tuple(" ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)

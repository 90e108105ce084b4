"""Names and statements of TypeScript, laid out as prettier would (width 100)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from qlp.blueprints.rest.resources import Resource

WIDTH = 100

_TAKEN_TYPES = frozenset(
    {
        *("Array", "Boolean", "Buffer", "Date", "Error", "Function", "Json", "Map", "Number", "Object", "Partial"),
        *("Promise", "Readonly", "Record", "RegExp", "Set", "String", "Symbol", "Headers", "Request", "Response"),
        *("Answer", "ApiError", "Cents", "Client", "ConflictError", "CrudService", "Invalid", "Journal"),
        *("MemoryRepository", "Page", "PageRequest", "Parse", "Repository", "Shape", "SnapshotFile", "Store"),
        *("Stored", "Table", "ValidationError", "Router", "Express", "Crud", "App", "AppOptions"),
    }
)
_TAKEN_TABLES = frozenset({"constructor", "transaction", "prototype"})


def type_name(entity: str) -> str:
    """The entity's own name unless the templates, the language or a derived name has it."""
    derived = entity.endswith(("Fields", "Service"))
    return f"{entity}Entity" if entity in _TAKEN_TYPES or derived else entity


def camel(name: str) -> str:
    """order_lines and OrderLines -> orderLines."""
    joined = "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)
    return joined[:1].lower() + joined[1:]


def pascal(name: str) -> str:
    word = camel(name)
    return word[:1].upper() + word[1:]


def string(value: str) -> str:
    """A literal of printable text, in the quotes that need fewer escapes."""
    if value.count('"') <= value.count("'"):
        return json.dumps(value, ensure_ascii=False)
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def array(items: Iterable[str], *, before: str, after: str = "") -> str:
    """`before[a, b]after` on one line if it fits, else one item a line."""
    values = tuple(items)
    line = f"{before}[{', '.join(values)}]{after}"
    if len(line) <= WIDTH:
        return line
    indent = " " * (len(before) - len(before.lstrip()))
    return f"{before}[\n" + "".join(f"{indent}  {v},\n" for v in values) + f"{indent}]{after}"


def imports(names: Iterable[str], source: str, *, types: bool = False) -> str:
    """An import statement; `types` makes it one of types only."""
    values = sorted(names, key=lambda n: (n.startswith("type "), n.removeprefix("type ").lower()))
    head = "import type" if types else "import"
    line = f'{head} {{ {", ".join(values)} }} from "{source}";'
    if len(line) <= WIDTH or len(values) == 1:
        return line
    return f"{head} {{\n" + "".join(f"  {v},\n" for v in values) + f'}} from "{source}";'


def fit(line: str, broken: str) -> str:
    return line if len(line) <= WIDTH else broken


def table_name(resource: Resource) -> str:
    name = camel(resource.plural)
    return f"{name}Rows" if name in _TAKEN_TABLES else name

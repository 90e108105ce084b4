"""Example values: bodies that a fresh server accepts, and the ordered smoke script made of them."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil, floor

from qlp.blueprints.rest.resources import Column, Resource, Resources
from qlp.models import Route

EXAMPLE_KEY = "example-key"
"""API key of smoke requests; the start command of the contract sets it for the server."""


def steps(column: Column, stock: int = 0) -> tuple[int, int | None]:
    """Where whole examples of a number start, and how many steps of one its limits leave (None: any number)."""
    if column.minimum is not None:
        low = ceil(column.minimum)
    else:
        low = 0 if column.maximum is None or column.maximum >= 10 else floor(column.maximum) - 10
    low = max(low, stock) if stock else low
    return low, None if column.maximum is None else max(0, floor(column.maximum) - low)


def example(column: Column, n: int, *, stock: int = 0) -> object:
    """The n-th valid JSON value, at least `stock` for a number; values of different n differ as far as the column has
    as many."""
    if column.choices:
        return column.choices[(n - 1) % len(column.choices)]
    match column.type:
        case "str" | "text":
            return f"{column.words.capitalize()} {n}"
        case "int" | "decimal" | "float":
            return _number(column, n, stock)
        case "bool":
            return n % 2 == 1
        case "date":
            return (date(2024, 1, 1) + timedelta(days=n - 1)).isoformat()
        case "datetime":
            return f"{(date(2024, 1, 1) + timedelta(days=n - 1)).isoformat()}T10:30:00Z"
        case "email":
            return f"person{n}@example.com"
        case "url":
            return f"https://example.com/{column.name}/{n}"
        case "uuid":
            return f"00000000-0000-4000-8000-{n:012d}"
        case "ref":
            return 1


def _number(column: Column, n: int, stock: int) -> object:
    low, room = steps(column, stock)
    if column.type == "int":
        return low + (n if room is None else n % (room + 1))
    if room == 0:
        return f"{column.maximum:.2f}" if column.type == "decimal" else float(column.maximum or 0)
    whole = low + (n if room is None else n % room)
    return f"{whole}.50" if column.type == "decimal" else whole + 0.5


def whole_expression(column: Column, stock: int) -> str | None:
    """The same in the syntax of TypeScript and Go, for a counter `n`; None if only the maximum itself fits."""
    low, room = steps(column, stock)
    values = None if room is None else room + (column.type == "int")
    if values is None:
        return f"{low} + n" if low else "n"
    if values <= 1:
        return str(low) if values else None
    return f"{low} + (n % {values})"


def starting_stock(resources: Resources, resource: Resource, column: Column) -> int:
    """Enough for many orders, as far as its maximum permits, where a rule lowers this column; else 0."""
    takes = (
        floor(d.floor + d.stock * d.least)
        for r in resources
        for d in r.decrements
        if d.target == resource.name and d.field == column.name
    )
    return max(takes, default=0)


def body(resources: Resources, resource: Resource, n: int) -> dict[str, object]:
    """A complete body whose references are the first record of each parent that exists by then."""
    earlier = {r.name for r in resources.items[: resources.items.index(resource)]}

    def value(column: Column) -> object:
        if column.target and column.target not in earlier:
            return None
        return example(column, n, stock=starting_stock(resources, resource, column))

    return {c.name: value(c) for c in resource.columns}


def patch(resources: Resources, resource: Resource, n: int) -> dict[str, object]:
    """A body that changes one field: a text if there is one, else the last field."""
    plain = [c for c in resource.columns if c.type in ("str", "text") and not c.choices]
    column = (plain or list(resource.columns))[0 if plain else -1]
    return {column.name: body(resources, resource, n)[column.name]}


def smoke(resources: Resources, *, api_key: bool) -> tuple[Route, ...]:
    """Requests that all succeed in this order on an empty store: create parents first, delete children first."""
    headers = {"X-API-Key": EXAMPLE_KEY} if api_key else {}
    routes = [Route(method="GET", path="/health")]
    for r in resources:
        one = f"/{r.path}/1"
        first, second, change = body(resources, r, 1), body(resources, r, 2), patch(resources, r, 3)
        routes += [
            Route(method="POST", path=f"/{r.path}", status=201, body=first, headers=headers),
            Route(method="GET", path=f"/{r.path}", headers=headers),
            Route(method="GET", path=one, headers=headers),
            Route(method="PUT", path=one, body=second, headers=headers),
            Route(method="PATCH", path=one, body=change, headers=headers),
        ]
    routes += [
        Route(method="DELETE", path=f"/{r.path}/1", status=204, headers=headers) for r in _children_first(resources)
    ]
    return tuple(routes)


def _children_first(resources: Resources) -> list[Resource]:
    """Reverse creation order: a smoke body never points at a record that is created later."""
    return list(reversed(resources.items))

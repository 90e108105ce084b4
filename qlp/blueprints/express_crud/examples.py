"""Example values: bodies that a fresh server accepts, and the ordered smoke script made of them."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil

from qlp.blueprints.express_crud.resources import Column, Resource, Resources
from qlp.models import Route

EXAMPLE_KEY = "example-key"
"""API key of smoke requests; the start command of the contract sets it for the server."""


def example(column: Column, n: int, *, stock: int = 0) -> object:
    """The n-th valid JSON value, at least `stock` for a number; values of different n differ, except of booleans and
    choices."""
    low = max(stock, 0 if column.minimum is None else ceil(column.minimum))
    if column.choices:
        return column.choices[(n - 1) % len(column.choices)]
    match column.type:
        case "str" | "text":
            return f"{column.words.capitalize()} {n}"
        case "int":
            return low + n
        case "decimal":
            return f"{low + n}.50"
        case "float":
            return low + n + 0.5
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


def starting_stock(resources: Resources, resource: Resource, column: Column) -> int:
    """Enough for many orders where a rule lowers this column, else 0."""
    takes = (
        ceil(d.floor + 100 * d.least)
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
        one = f"/{r.plural}/1"
        first, second, change = body(resources, r, 1), body(resources, r, 2), patch(resources, r, 3)
        routes += [
            Route(method="POST", path=f"/{r.plural}", status=201, body=first, headers=headers),
            Route(method="GET", path=f"/{r.plural}", headers=headers),
            Route(method="GET", path=one, headers=headers),
            Route(method="PUT", path=one, body=second, headers=headers),
            Route(method="PATCH", path=one, body=change, headers=headers),
        ]
    routes += [
        Route(method="DELETE", path=f"/{r.plural}/1", status=204, headers=headers) for r in _children_first(resources)
    ]
    return tuple(routes)


def _children_first(resources: Resources) -> list[Resource]:
    """Reverse creation order: a smoke body never points at a record that is created later."""
    return list(reversed(resources.items))

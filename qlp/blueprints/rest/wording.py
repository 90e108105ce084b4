"""English for generated messages, comments and READMEs."""

from __future__ import annotations

import re
from decimal import Decimal

from qlp.blueprints.rest.resources import Column, Resource, Resources
from qlp.blueprints.rest.rule_view import plain


def one_line(text: str) -> str:
    """A sentence without line breaks, control characters or a way out of Markdown code."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or "A REST API."


def with_article(noun: str) -> str:
    """`an order`, `a book`, `a user`."""
    vowel = re.match(r"[aeio]|u(?![^aeiou][aeiou])", noun)
    return f"{'an' if vowel else 'a'} {noun}"


_DOC_TYPES = {
    "str": "string, at most 200 characters",
    "text": "string, at most 10000 characters",
    "int": "whole number",
    "decimal": "money",
    "float": "number",
    "bool": "true or false",
    "date": "date, YYYY-MM-DD",
    "datetime": "date and time with an offset, kept in UTC",
    "email": "e-mail address",
    "url": "http or https address",
    "uuid": "UUID",
}


def doc_type(column: Column) -> str:
    if column.choices:
        return "one of " + ", ".join("`" + c.replace("|", "\\|").replace("`", "'") + "`" for c in column.choices)
    if column.type == "ref":
        return f"id of {with_article(spaced(column.target or ''))}"
    return _DOC_TYPES[column.type]


def doc_notes(column: Column) -> str:
    notes = ["required" if column.required else "optional"]
    if column.unique:
        notes.append("unique")
    if column.minimum is not None:
        notes.append(f"at least {_limit(column, column.minimum)}")
    if column.maximum is not None:
        notes.append(f"at most {_limit(column, column.maximum)}")
    return ", ".join(notes)


def _limit(column: Column, limit: Decimal) -> str:
    return plain(limit, 2 if column.type == "decimal" else None)


def spaced(name: str) -> str:
    """OrderLine -> order line."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def rules_text(resources: Resources) -> tuple[str, ...]:
    """What the decrements do, one sentence a rule."""
    return tuple(
        f"Storing {with_article(r.noun)} takes its `{d.quantity}` out of the `{d.field}` of its {spaced(d.target)}, "
        f"atomically; what is not there is refused with 409 `insufficient_{d.field}`. Changing {with_article(r.noun)} "
        "moves the difference, removing it gives the amount back."
        for r in resources
        for d in r.decrements
    )


def notes(resources: Resources, *, api_key: bool) -> str:
    """Behaviour that no signature shows, for the contract."""
    lines = [
        "Lists take limit (1-100, default 50) and offset and answer items, total, limit, offset.",
        "Errors are application/problem+json with code and errors[{field, message}]: 400 unreadable, 404, 405, "
        "409 conflict, 413 over 100 KiB, 415, 422 invalid fields.",
        "PUT replaces, PATCH changes the named fields; unknown fields are refused.",
    ]
    if "decimal" in resources.types:
        lines.append("Money is read as a number or string of at most two decimals and answered as a string.")
    if "ref" in resources.types:
        lines.append("A missing parent is answered 422; removing a referenced record 409.")
    lines.extend(rules_text(resources))
    if api_key:
        lines.append("Every request but GET /health needs the header X-API-Key, else 401.")
    return "\n".join(lines)


def plural_words(resource: Resource) -> str:
    return resource.plural.replace("_", " ")

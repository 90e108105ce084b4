"""Values for examples, smoke requests and generated tests: valid ones, distinct by number, and invalid ones."""

from __future__ import annotations

from decimal import Decimal

from qlp.models import FieldSpec

Value = str | int | float | bool

STOCK = 10
"""What a counted field holds before a rule lowers it."""


def sample(field: FieldSpec, number: int = 1, *, counted: bool = False) -> Value:
    """A valid value of the field; different for each number from 1 to 9 where the type has that many."""
    label = field.name.replace("_", " ")
    if field.choices:
        return field.choices[(number - 1) % len(field.choices)]
    match field.type:
        case "int":
            return int(_within(field, STOCK if counted else number))
        case "decimal":
            return f"{Decimal(str(_within(field, 18.99 + number))):.2f}"
        case "float":
            return float(_within(field, 0.5 + number))
        case "bool":
            return number % 2 == 0
        case "date":
            return f"2026-01-{number:02d}"
        case "datetime":
            return f"2026-01-{number:02d}T12:00:00Z"
        case "email":
            return f"person{number}@example.com"
        case "url":
            return f"https://example.com/{number}"
        case "uuid":
            return f"00000000-0000-4000-8000-{number:012d}"
        case _:
            return f"{label} {number}"


def _within(field: FieldSpec, value: float) -> float:
    low = field.minimum if field.minimum is not None else value
    high = field.maximum if field.maximum is not None else max(value, low)
    if low <= value <= high:
        return value
    # The value lies outside: step inside from the nearer end, so that numbers stay distinct.
    inside = low + value % 1 + (int(value) % max(1, int(high - low) + 1))
    return inside if inside <= high else low


def invalid(field: FieldSpec) -> list[Value]:
    """Values that must be refused with 422."""
    if field.choices:
        return ["no such choice"]
    wrong: dict[str, list[Value]] = {
        "str": [7, "   "],
        "text": [7],
        "int": ["seven", 1.5],
        "decimal": ["much", "1.234"],
        "float": ["much"],
        "bool": ["perhaps"],
        "date": ["someday", "2026-13-01"],
        "datetime": ["soon"],
        "email": ["nobody", "a b@example.com"],
        "url": ["nowhere", "ftp://example.com"],
        "uuid": ["42"],
    }
    values = list(wrong[field.type])
    if field.minimum is not None:
        values.append(int(field.minimum) - 1)
    if field.maximum is not None:
        values.append(int(field.maximum) + 1)
    return values

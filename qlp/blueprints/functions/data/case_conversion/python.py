"""Conversion between camelCase and snake_case."""

import re


def to_snake_case(name: str) -> str:
    """Return an identifier in snake_case: "parseHTTPBody", "parse-http body" give "parse_http_body"."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)
    return "_".join(part.lower() for part in parts)


def to_camel_case(name: str) -> str:
    """Return an identifier in camelCase: "parse_http_body" gives "parseHttpBody"."""
    first, *others = to_snake_case(name).split("_")
    return first + "".join(part.capitalize() for part in others)

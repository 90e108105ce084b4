"""When an id means a model of the price table: its name, or a snapshot of it (a date or a version behind the name)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_prices.types import MatchLogic, ModelInfo

_SNAPSHOT = re.compile(
    r"(?P<base>.+?)"
    r"(?:[-@](?:\d{8}|20\d\d-\d\d-\d\d|latest))?"  # claude-haiku-4-5-20251001, gpt-4o-2024-08-06
    r"(?:-v\d+(?::\d+)?)?"  # Bedrock's -v1:0
)
_VERSION = re.compile(r"-v(\d+)(?::\d+)?$")
_REGION = re.compile(r"^(?:us|us-gov|eu|apac|au|jp|in|ca)\.(?=[a-z])")
"""Of a Bedrock inference profile. `global.` is another price, and a name of its own in the table."""


def is_name(model: str, entry: ModelInfo) -> bool:
    return model == entry.id or model in _equals(entry.match)


def is_snapshot(model: str, entry: ModelInfo) -> bool:
    """Whether only a date or a version follows the model's name, and the table gives that prefix this price."""
    from genai_prices.types import ClauseContains, ClauseRegex, ClauseStartsWith

    base = _SNAPSHOT.fullmatch(model)
    if base is None or _other_version(model, entry.id):
        return False
    for clause in _clauses(entry.match):
        if isinstance(clause, ClauseRegex):
            if clause.regex.startswith("^") and clause.regex.endswith("$") and re.search(clause.regex, model):
                return True
            continue
        prefix = (
            clause.starts_with
            if isinstance(clause, ClauseStartsWith)
            else clause.contains
            if isinstance(clause, ClauseContains)
            else None
        )
        # The table's prefix has to hold the whole name: it may end inside the date, never inside the name.
        if prefix is not None and model.startswith(prefix) and prefix.startswith(base["base"]):
            return True
    return False


def forms(model: str, provider: str) -> tuple[str, ...]:
    """Names under which the table may have a model of this provider, the model's own first.

    `eu.amazon.nova-lite-v1:0` costs what `amazon.nova-lite-v1:0` does, unless it is listed itself.
    """
    if provider != "aws":
        return (model,)
    plain = _REGION.sub("", model, count=1)
    return tuple(dict.fromkeys((model, plain, plain.removeprefix("anthropic."))))


def _other_version(model: str, listed: str) -> bool:
    mine, known = _VERSION.search(model), _VERSION.search(listed)
    return mine is not None and known is not None and mine[1] != known[1]


def _equals(match: MatchLogic) -> Iterator[str]:
    from genai_prices.types import ClauseEquals

    return (clause.equals for clause in _clauses(match) if isinstance(clause, ClauseEquals))


def _clauses(match: MatchLogic) -> Iterator[MatchLogic]:
    """Each alone accepts an id; conditions that must hold together are left out."""
    from genai_prices.types import ClauseAnd, ClauseOr

    if isinstance(match, ClauseOr):
        for clause in match.or_:
            yield from _clauses(clause)
    elif not isinstance(match, ClauseAnd):
        yield match

"""Is a shipped report true? The model is trained again from its rows, and the numbers are held against each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from qlp.confidence.model import Loaded, report_beside
from qlp.confidence.row import Row
from qlp.confidence.training.reported import model_report
from qlp.confidence.training.train import Recipe, Say, digest_of, train
from qlp.errors import InputError

TOLERANCE = 0.002
"""Other versions of numpy and scikit-learn round otherwise."""


def check_report(rows: Sequence[Row], loaded: Loaded, *, say: Say) -> list[str]:
    """What differs; empty if the report was reproduced. Raises InputError for other rows than the model's."""
    shipped = report_beside(loaded)
    if shipped is None:
        raise InputError(f"{loaded.where} has no report beside it to check")
    if digest_of(rows) != loaded.model.recipe.get("rows"):
        raise InputError(
            f"these are not the rows that {loaded.model.label} was made from ({loaded.model.recipe.get('rows')})"
        )
    recipe = Recipe.model_validate({k: v for k, v in loaded.model.recipe.items() if k in Recipe.model_fields})
    model = loaded.model
    made, parts = train(
        rows, name=model.name, version=model.version, on=date.fromisoformat(model.trained_on), recipe=recipe, say=say
    )
    again = json.loads(model_report(rows, made, parts, recipe, say).model_dump_json())
    return list(_differences(shipped, again, ""))


def _differences(shipped: Any, again: Any, where: str) -> Iterator[str]:
    if isinstance(shipped, dict) and isinstance(again, dict):
        for key in sorted(shipped.keys() | again.keys()):
            yield from _differences(shipped.get(key), again.get(key), f"{where}.{key}" if where else key)
    elif isinstance(shipped, list) and isinstance(again, list) and len(shipped) == len(again):
        for i, (a, b) in enumerate(zip(shipped, again, strict=True)):
            yield from _differences(a, b, f"{where}[{i}]")
    elif isinstance(shipped, float) and isinstance(again, int | float):
        if abs(shipped - again) > TOLERANCE:
            yield f"{where}: {shipped:g} in the report, {again:g} now"
    elif shipped != again:
        yield f"{where}: {shipped!r} in the report, {again!r} now"

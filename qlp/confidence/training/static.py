"""Features of the text alone. They do not transfer to other tasks: the model should look at few of them."""

from __future__ import annotations

import math


def static_features(code: str) -> dict[str, float | None]:
    return {"code_length_log": math.log2(1 + len(code))}

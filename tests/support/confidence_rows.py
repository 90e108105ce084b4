"""Made-up feature rows with a known truth, in the form of the real ones: for tests of training and measuring alone."""

from __future__ import annotations

import math
import random

from qlp.confidence.features import Kind
from qlp.confidence.row import Row


def made_rows(
    *, tasks: int = 40, generators: int = 8, seed: int = 0, name: str = "made_a", kind: Kind = "function"
) -> list[Row]:
    """Right with a chance that follows from difficulty and skill; examples and agreement tell, the length does not.
    Every third solution has no agreement measured."""
    chance = random.Random(seed)
    difficulty = [chance.gauss(0, 1.2) for _ in range(tasks)]
    skill = [chance.gauss(0, 1.0) for _ in range(generators)]
    rows = []
    for t in range(tasks):
        for g in range(generators):
            right = int(chance.random() < 1 / (1 + math.exp(-(skill[g] - difficulty[t]))))
            examples = 1.0 if right or chance.random() < 0.3 else round(chance.random() * 0.8, 2)
            agreement = min(max(chance.gauss(0.6 if right else 0.2, 0.15), 0.0), 1.0)
            features: dict[str, float | None] = {
                "examples_pass_fraction": examples,
                "generated_crash_rate": 0.0 if right or chance.random() < 0.6 else round(chance.random(), 2),
                "agreement_other_models": None if (t + g) % 3 == 0 else round(agreement, 3),
                "tests_pass_fraction": None,
                "code_length_log": round(chance.gauss(8, 1), 2),
            }
            rows.append(
                Row(
                    set=name,
                    task=f"{name}/{t}",
                    generator=f"model-{g}",
                    language="python",
                    kind=kind,
                    label=right,
                    solution=f"{t}:{g}",
                    features=features,
                )
            )
    return rows

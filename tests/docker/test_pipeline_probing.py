"""Samples that all pass the tests: the request's own examples decide, and what probing saw is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from qlp.capsule import read_capsule
from qlp.config import ModelSettings
from qlp.models import Request
from tests.support.platform import Platform, settings_for
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.docker

WISH = "Write a function cube_root(n) that gives the whole cube root of a number, as in cube_root(27) == 3"
WEAK = {"test_root.py": "from root import cube_root\n\n\ndef test_small() -> None:\n    assert cube_root(8) == 2\n"}
SOURCE = '"""Roots."""\n\n\ndef cube_root(n: int) -> int:\n    """Whole cube root."""\n    return {}\n'
WRONG, ALIKE, RIGHT = (SOURCE.format(e) for e in ("n // 4", "2 * n // 8", "round(n ** (1 / 3))"))


async def test_the_sample_that_keeps_the_requests_examples_wins_against_the_majority(tmp_path: Path) -> None:
    texts = [f"```python path=root.py\n{code}```" for code in (WRONG, ALIKE, RIGHT)]
    with ScriptedServer([Reply(texts=texts, times=2)]) as server:  # a first sample, then the rest
        made = await Platform.open(settings_for(tmp_path, models=ModelSettings(base_url=server.url, n=3)))
        _, outcome = await made.run(Request(text=WISH, tests=WEAK))
    assert outcome.verified
    capsule = read_capsule(made.capsule(outcome))
    assert {f.path: f.content for f in capsule.project()}["root.py"] == RIGHT
    (attempt,) = capsule.manifest.attempts
    assert (attempt.attempt.samples, attempt.attempt.passing) == (3, 3)
    moved = {c.feature: c.value for c in outcome.confidence.contributions}
    assert moved.get("examples_pass_fraction") == 1.0

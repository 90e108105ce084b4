"""Tiers T1 and T2 through the whole pipeline: a scripted model over HTTP, candidates judged in a real sandbox."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from qlp.capsule import read_capsule
from qlp.config import ModelSettings
from qlp.errors import BudgetExceededError, GenerationError, NoGeneratorError, ProviderError, UnpricedModelError
from qlp.models import Request
from tests.support.platform import Platform, settings_for
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.docker

WISH = "Write a function parse_duration(text) that turns '1h30m' into seconds; anything else raises ValueError"
TESTS = {
    "test_duration.py": """import pytest
from duration import parse_duration


@pytest.mark.parametrize(("text", "seconds"), [("1h30m", 5400), ("45m", 2700), ("10s", 10), ("2h", 7200)])
def test_parses(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1x", "1h-2m"])
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)
"""
}
RIGHT = '''"""Durations such as 1h30m."""

import re

_PATTERN = re.compile(r"(?:(\\d+)h)?(?:(\\d+)m)?(?:(\\d+)s)?")


def parse_duration(text: str) -> int:
    """Seconds of a duration; raises ValueError for anything else."""
    match = _PATTERN.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"not a duration: {text!r}")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
'''
WRONG = RIGHT.replace("hours * 3600", "hours * 360")
NO_CHECK = "def parse_duration(text: str) -> int:\n    return 5400\n"


def answer(**files: str) -> str:
    return "\n".join(f"```python path={name.replace('_py', '.py')}\n{content}```" for name, content in files.items())


async def platform(folder: Path, server: ScriptedServer, **models: object) -> Platform:
    return await Platform.open(settings_for(folder, models=ModelSettings(base_url=server.url, **models)))  # type: ignore[arg-type]


async def test_one_shot_that_passes_the_users_tests_is_verified(tmp_path: Path) -> None:
    with ScriptedServer([Reply(text=answer(duration_py=RIGHT))]) as server:
        made = await platform(tmp_path, server)
        _, outcome = await made.run(Request(text=WISH, tests=TESTS))
    assert outcome.verified
    assert len(server.calls) == 1
    capsule = read_capsule(made.capsule(outcome))
    assert [a.attempt.tier for a in capsule.manifest.attempts] == ["t1"]
    assert capsule.manifest.prompts
    files = {f.path: f.content for f in capsule.project()}
    assert files["test_duration.py"] == TESTS["test_duration.py"], "the user's tests are in it as they were given"


async def test_a_failure_is_fed_back_with_the_real_output_and_escalates(tmp_path: Path) -> None:
    with ScriptedServer([Reply(text=answer(duration_py=WRONG)), Reply(text=answer(duration_py=RIGHT))]) as server:
        made = await platform(tmp_path, server)
        run_id, outcome = await made.run(Request(text=WISH, tests=TESTS))
    assert outcome.verified
    second = server.calls[1].last
    assert "assert 2160 == 5400" in second, "pytest's own words reach the model"
    assert "hours * 360" in second, "its own failed file too"
    assert "run.repair.started" in await made.event_types(run_id)
    assert [a.attempt.tier for a in read_capsule(made.capsule(outcome)).manifest.attempts] == ["t1", "t2"]


async def test_the_same_failure_again_and_again_ends_with_a_typed_error(tmp_path: Path) -> None:
    with ScriptedServer([Reply(match=".", text=answer(duration_py=WRONG))]) as server:
        made = await platform(tmp_path, server, max_attempts=8)
        with pytest.raises(GenerationError) as caught:
            await made.run(Request(text=WISH, tests=TESTS))
    assert len(server.calls) < 8, "a repeated failure stops before the attempts are used up"
    assert caught.value.extra["findings"]


async def test_of_several_candidates_the_one_that_passes_wins(tmp_path: Path) -> None:
    texts = [answer(duration_py=code) for code in (WRONG, NO_CHECK, RIGHT)]
    with ScriptedServer([Reply(texts=texts, times=2)]) as server:  # a first sample, then the rest
        made = await platform(tmp_path, server, n=3)
        _, outcome = await made.run(Request(text=WISH, tests=TESTS))
    assert outcome.verified
    (attempt,) = read_capsule(made.capsule(outcome)).manifest.attempts
    assert (attempt.attempt.samples, attempt.attempt.passing) == (3, 1)
    measured = {c.feature for c in outcome.confidence.contributions if c.value is not None}
    assert measured >= {"loads", "given_tests_pass"}, "the candidates were probed beside the tests"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(match=".", text="I am sorry, I cannot help with that."),
        Reply(match=".", text="```python path=duration.py\ndef parse_duration(text"),
        Reply(match=".", mode="garbage"),
        Reply(match=".", mode="nothing"),
    ],
    ids=["no file", "half a file", "garbage bytes", "nothing"],
)
async def test_a_model_that_answers_rubbish_ends_in_a_typed_error(tmp_path: Path, reply: Reply) -> None:
    with ScriptedServer([reply]) as server:
        made = await platform(tmp_path, server)
        with pytest.raises((GenerationError, ProviderError)):
            await made.run(Request(text=WISH, tests=TESTS))


async def test_a_cap_below_the_first_call_spends_nothing(tmp_path: Path) -> None:
    with ScriptedServer([Reply(match=".", text=answer(duration_py=RIGHT))], models=["gpt-4o"]) as server:
        made = await platform(tmp_path, server, price="table")
        with pytest.raises((BudgetExceededError, UnpricedModelError)):
            await made.run(Request(text=WISH, tests=TESTS, max_cost_usd=Decimal("0.000001")))
    assert not server.calls


PLAN = {
    "project": "greeter",
    "kind": "library",
    "tasks": [
        {"id": "core", "kind": "code", "title": "Names", "instructions": "Normalise names."},
        {"id": "api", "kind": "code", "title": "Greeting", "instructions": "Greet.", "depends_on": ["core"]},
        {"id": "tests", "kind": "test", "title": "Tests", "instructions": "Check it all.", "depends_on": ["api"]},
        {"id": "docs", "kind": "docs", "title": "README", "depends_on": ["api"]},
    ],
    "files": [
        {"path": "names.py", "task": "core"},
        {"path": "greeter.py", "task": "api"},
        {"path": "test_greeter.py", "task": "tests"},
        {"path": "README.md", "task": "docs"},
    ],
    "names": [{"file": "names.py", "name": "normal"}, {"file": "greeter.py", "name": "greet"}],
    "run": {"argv": ["python3", "-c", "import greeter; print(greeter.greet('ada'))"], "expect_stdout": "Hello, Ada!"},
}
NAMES = 'def normal(name: str) -> str:\n    """Capitalised, without outer spaces."""\n    return name.strip().capitalize()\n'
GREETER = 'from names import normal\n\n\ndef greet(name: str) -> str:\n    """A greeting."""\n    return f"Hello, {normal(name)}!"\n'
GREETER_TEST = 'from greeter import greet\n\n\ndef test_greet() -> None:\n    assert greet(" ada ") == "Hello, Ada!"\n'
SCRIPT = [
    Reply(match="Normalise names", times=1, text=answer(names_py=NAMES)),
    Reply(match="Greet\\.", times=1, text=answer(greeter_py=GREETER)),
    Reply(match="Check it all", times=1, text=answer(test_greeter_py=GREETER_TEST)),
    Reply(match="README", text="```markdown path=README.md\n# greeter\n\nGreets people by name.\n```"),
]
GREETER_WISH = "Write me something that greets people by their name, politely, with the name normalised first"


async def test_a_planned_project_is_written_task_by_task_with_upstream_files(tmp_path: Path) -> None:
    plan = Reply(times=1, text=f"```json\n{json.dumps(PLAN)}\n```")
    with ScriptedServer([plan, *SCRIPT]) as server:
        made = await platform(tmp_path, server)
        _, outcome = await made.run(Request(text=GREETER_WISH, tier="t1"))
    assert outcome.verified, outcome.stages
    assert outcome.usage.calls == len(server.calls)
    greeting = next(c.last for c in server.calls if "Greet.\n" in c.last)
    assert "def normal" in greeting, "a task sees the files of what it depends on"
    assert "def greet" not in next(c.last for c in server.calls if "Names" in c.last)


async def test_without_a_model_the_same_request_is_refused_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    made = await Platform.open(settings_for(tmp_path))
    with pytest.raises(NoGeneratorError, match="OPENAI_API_KEY") as caught:
        await made.run(Request(text=GREETER_WISH))
    assert len(caught.value.extra["nearest"]) == 3  # type: ignore[arg-type]

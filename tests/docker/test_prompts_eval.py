"""`qlp prompts eval`: the packaged task set can be solved, and a better prompt is found by running its answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qlp.cli.main import app
from qlp.config import Settings, home
from qlp.evaluation import load_tasks
from qlp.sandbox import Command, engine, open_backend
from qlp.sandbox.protocol import Limits
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.docker
SOLUTIONS = json.loads((Path(__file__).parents[1] / "data" / "prompt_tasks" / "solutions.json").read_text("utf-8"))


def answer(task: str, broken: bool = False) -> str:
    solution = SOLUTIONS[task]
    content = "x = 1\n" if broken else solution["content"]
    return f"````python path={solution['path']}\n{content}````\n"


async def test_every_packaged_task_has_a_solution_and_is_not_solved_by_nothing() -> None:
    settings = Settings()
    backend = await open_backend(settings.sandbox, settings.home)
    tasks = load_tasks()
    assert {t.id for t in tasks} == set(SOLUTIONS)
    files: dict[str, bytes] = {}
    for task in tasks:
        for path, content in task.tests.items():
            files[f"right/{path}"] = files[f"wrong/{path}"] = content.encode()
        files[f"right/{SOLUTIONS[task.id]['path']}"] = SOLUTIONS[task.id]["content"].encode()
        files[f"wrong/{SOLUTIONS[task.id]['path']}"] = b"x = 1\n"
    argv = ("python3", "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider")
    async with backend.open("python", Limits()) as sandbox:
        await sandbox.put(files)
        right = await sandbox.run(Command(argv=argv, cwd="right"))
        wrong = await sandbox.run(Command(argv=(*argv, "--continue-on-collection-errors"), cwd="wrong"))
    assert right.exit_code == 0, right.stdout.decode()
    assert f"{len(tasks)} errors in" in wrong.stdout.decode(), "not one test can even be loaded"
    assert "passed" not in wrong.stdout.decode()


def test_two_prompts_are_compared_by_what_their_answers_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QLP_SANDBOX__DOCKER_HOST", engine.engine_url(Settings().sandbox, home()))
    monkeypatch.setenv("QLP_HOME", str(tmp_path))
    poor = tmp_path / "poor.j2"
    poor.write_text(
        "{# qlp-prompt name=poor version=1 #}\n{% block system %}Write {{ contract.language }}.{% endblock %}"
        "{% block user %}POOR {{ request }}{% endblock %}",
        "utf-8",
    )
    tasks = load_tasks()[:2]
    words = [re.escape(t.request[:30]) for t in tasks]
    replies = [
        *(
            Reply(match=f"^POOR.*{w}", text=answer(t.id, broken=t is tasks[0]))
            for w, t in zip(words, tasks, strict=True)
        ),
        *(Reply(match=w, text=answer(t.id)) for w, t in zip(words, tasks, strict=True)),
    ]
    with ScriptedServer(replies) as server:
        monkeypatch.setenv("QLP_MODELS__BASE_URL", server.url)
        options = ["--limit", "2", "--variant", "implementer", "--variant", str(poor), "--json"]
        result = CliRunner().invoke(app, ["prompts", "eval", *options, "-o", str(tmp_path / "trials.json")])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert [(s["passed"], s["trials"]) for s in report["scores"]] == [(2, 2), (1, 2)]
    (pair,) = report["comparisons"]
    assert (pair["only_first"], pair["only_second"], pair["p_value"]) == (1, 0, 1.0)
    assert pair["says"] == "no significant difference", "one task of difference proves nothing"
    assert len(json.loads((tmp_path / "trials.json").read_text("utf-8"))["trials"]) == 4

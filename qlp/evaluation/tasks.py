"""Task sets: requests with the tests that judge their answers. `functions` is shipped; a file of yours has its form."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from pydantic import Field, TypeAdapter, ValidationError

from qlp.errors import InputError
from qlp.models import Language, Request
from qlp.models._base import Frozen

PACKAGED = "functions"
_MOST = 2000


class EvalTask(Frozen):
    """One function to write. The tests import it from the module that has to be written."""

    id: str = Field(min_length=1)
    request: str = Field(min_length=1)
    language: Language = "python"
    tests: dict[str, str] = Field(min_length=1)
    """Path -> content, as a request's own tests."""

    def as_request(self) -> Request:
        return Request(text=self.request, language=self.language, tests=self.tests, tier="t1")


def load_tasks(file: Path | None = None) -> tuple[EvalTask, ...]:
    """A JSON list of tasks; None takes the packaged set. Raises InputError that says what is wrong."""
    where = str(file or PACKAGED)
    try:
        text = file.read_text("utf-8") if file else _packaged()
        tasks = TypeAdapter(tuple[EvalTask, ...]).validate_python(json.loads(text))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        said = _first(error) if isinstance(error, ValidationError) else str(error)
        raise InputError(f"the task set {where} cannot be used: {said}") from None
    ids = [task.id for task in tasks]
    if not tasks or len(tasks) > _MOST or len(set(ids)) != len(ids):
        raise InputError(f"the task set {where} needs between 1 and {_MOST} tasks, each with an id of its own")
    return tasks


def _packaged() -> str:
    return (files("qlp.prompts") / "tasks" / f"{PACKAGED}.json").read_text("utf-8")


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"

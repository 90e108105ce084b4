"""The corpus of correct and faulty programs: one folder a language.

`<language>/good/` is a correct small project with its tests. `<language>/faults.yaml` lists its faults:

    - id: off-by-one                 # unique within the language
      stage: tests                   # the stage that must fail
      rule: test-failed              # optional: a finding of that stage must have this rule
      edits:                         # each `find` occurs exactly once in the file
        - {file: src/calc.py, find: "a + b", replace: "a - b"}
      files: {extra.py: "..."}       # added or replaced as a whole; null removes the file
      note: what is wrong            # optional
"""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qlp.models import SourceFile, Stage
from qlp.models._base import Frozen

ROOT = Path(__file__).parent


class Edit(Frozen):
    file: str
    find: str
    replace: str


class Fault(Frozen):
    id: str
    stage: Stage
    rule: str = ""
    edits: tuple[Edit, ...] = ()
    files: dict[str, str | None] = {}
    base64_files: dict[str, str] = {}
    """Bytes that YAML cannot hold."""
    note: str = ""


def languages() -> tuple[str, ...]:
    return tuple(sorted(p.parent.name for p in ROOT.glob("*/faults.yaml")))


def good(language: str) -> tuple[SourceFile, ...]:
    folder = ROOT / language / "good"
    return tuple(
        SourceFile.of(p.relative_to(folder).as_posix(), p.read_bytes(), executable=bool(p.stat().st_mode & 0o100))
        for p in sorted(folder.rglob("*"))
        if p.is_file() and "__pycache__" not in p.parts
    )


@cache
def faults(language: str) -> tuple[Fault, ...]:
    rows: list[dict[str, Any]] = yaml.safe_load((ROOT / language / "faults.yaml").read_text("utf-8"))
    found = tuple(Fault.model_validate(row) for row in rows)
    assert len({f.id for f in found}) == len(found), f"{language}: an id is used twice"
    return found


def faulty(language: str, fault: Fault) -> tuple[SourceFile, ...]:
    """The good project with the fault put in. Raises AssertionError where an edit does not fit."""
    made = {f.path: f for f in good(language)}
    for edit in fault.edits:
        before = made[edit.file].content
        assert before.count(edit.find) == 1, f"{language}/{fault.id}: {edit.find!r} occurs {before.count(edit.find)}x"
        made[edit.file] = made[edit.file].model_copy(update={"content": before.replace(edit.find, edit.replace)})
    for path, content in fault.files.items():
        if content is None:
            del made[path]
        else:
            made[path] = SourceFile(path=path, content=content)
    for path, content in fault.base64_files.items():
        made[path] = SourceFile.of(path, base64.b64decode(content))
    return tuple(made[path] for path in sorted(made))

"""Feature rows of raw labelled files: their solutions are probed in the sandbox, as at run time.

A file holds JSON lines with task_id, lang, model, code and label (and label_plus, which is preferred). The request is
`prompt` and `entry_point` of the row itself, or of the task in HumanEval.jsonl.gz or mbpp.jsonl.gz beside the file.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from qlp.confidence.probing import Candidate, Target
from qlp.confidence.probing.signature import names_of
from qlp.confidence.row import Row, read_rows
from qlp.confidence.training.labelled import SETS, Labelled, LabelledTask, read_jsonl, solution_id
from qlp.confidence.training.rows import make_rows
from qlp.config import Settings
from qlp.errors import InputError
from qlp.sandbox import open_backend

_ASSERTED = re.compile(r"assert\s+(?:\w+\()?\s*([A-Za-z_]\w*)\s*\(")
_LANGUAGES: dict[str, Literal["python", "javascript"]] = {
    "python": "python", "py": "python", "javascript": "javascript", "js": "javascript",
}  # fmt: skip


async def rows_of_labelled(files: Sequence[Path], settings: Settings, *, say: Callable[[str], None]) -> list[Row]:
    """Raises InputError for a file that holds no labelled solution, SandboxUnavailableError."""
    backend = await open_backend(settings.sandbox, settings.home)
    made: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="qlp-rows-") as scratch:
        for file in files:
            name = file.name.removesuffix(".jsonl.gz")
            lines = read_jsonl(file)
            if name not in SETS and not (lines and "label" in lines[0] and "code" in lines[0]):
                say(f"{file.name}: tasks, no labelled solutions; left out")
                continue
            out = Path(scratch) / f"{name}.jsonl"
            await make_rows(name, tasks_of(name, file, lines, say), backend, out)
            made += read_rows([out])
    if not made:
        raise InputError("none of these files holds labelled solutions (task_id, lang, model, code, label)")
    return made


def tasks_of(
    name: str, file: Path, lines: Sequence[Mapping[str, Any]], say: Callable[[str], None]
) -> list[LabelledTask]:
    if name in SETS:
        return SETS[name](file.parent)
    known = _requests(file.parent)
    grouped: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    left = 0
    for row in lines:
        language = _LANGUAGES.get(str(row.get("lang", "")).lower())
        if language is None or not (row.get("prompt") or row["task_id"] in known):
            left += 1
        else:
            grouped.setdefault((row["task_id"], language), []).append(row)
    if left:
        say(f"{file.name}: {left} solutions without a request, or in a language that cannot be probed, left out")
    tasks = []
    for (task, written_in), rows in grouped.items():
        target = _target(task, written_in, rows, known)
        if target is not None:
            tasks.append(LabelledTask(target, tuple(_labelled(r) for r in rows)))
    if not tasks:
        raise InputError(f"{file}: no solution names a request (prompt) or a task of HumanEval or MBPP beside it")
    return tasks


def _target(
    task: str, language: str, rows: Sequence[Mapping[str, Any]], known: Mapping[str, tuple[str, str]]
) -> Target | None:
    text, entry = known.get(task, ("", ""))
    text = str(rows[0].get("prompt") or text)
    entry = str(rows[0].get("entry_point") or entry)
    if not entry:
        found = _ASSERTED.search(text) or re.search(r"def\s+(\w+)\s*\(", text)
        if found is None:
            return None
        entry = found[1]
    if language == "javascript":
        codes = [str(r["code"]) for r in rows]
        entry = max(names_of(entry), key=lambda n: sum(re.search(rf"\b{re.escape(n)}\b", c) is not None for c in codes))
    return Target(id=f"{task}@{language}", text=text, entry=entry, language=_LANGUAGES[language])


def _requests(folder: Path) -> dict[str, tuple[str, str]]:
    """Text and name of the function by task, of the task files that are there."""
    known: dict[str, tuple[str, str]] = {}
    if (file := folder / "HumanEval.jsonl.gz").is_file():
        known |= {r["task_id"]: (r["prompt"], r["entry_point"]) for r in read_jsonl(file)}
    if (file := folder / "mbpp.jsonl.gz").is_file():
        known |= {f"MBPP/{r['task_id']}": (f"{r['text']}\n{r['test_list'][0]}", "") for r in read_jsonl(file)}
    return known


def _labelled(row: Mapping[str, Any]) -> Labelled:
    label = row["label"] if row.get("label_plus") is None else row["label_plus"]
    code = str(row["code"])
    about = (row.get("model"), row.get("temp"), row.get("idx"), row.get("source"))
    candidate = Candidate(id=solution_id(code, *about), code=code, generator=str(row.get("model", "")))
    return Labelled(candidate, int(bool(label)))

"""The labelled sets: public tasks and what models wrote for them, as targets, candidates and labels.

Labels come from tests that probing never sees: the extended tests where they were run, else the original ones. A set
that holds solved cases only says nothing and is not made into rows.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qlp.confidence.probing import Candidate, Target
from qlp.confidence.probing.signature import names_of
from qlp.errors import InputError

_PEERS = 12


@dataclass(frozen=True)
class Labelled:
    """One solution and whether it is right."""

    candidate: Candidate
    label: int
    twin: str = ""
    """Of a pair that differs in one fault: `good` or `bad`."""


@dataclass(frozen=True)
class LabelledTask:
    target: Target
    solutions: tuple[Labelled, ...]
    peers: tuple[Candidate, ...] = ()
    """Samples of other generators that are run beside them and make no rows."""


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Raises InputError where the file is not there or is none."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as gzipped JSON lines: {error}") from error


def solution_id(code: str, *about: object) -> str:
    """Stable, and different for two samples of the same text."""
    return hashlib.sha256(json.dumps([code, *map(str, about)]).encode()).hexdigest()[:16]


def humaneval_python(folder: Path) -> list[LabelledTask]:
    prompts = {r["task_id"]: r for r in read_jsonl(folder / "HumanEval.jsonl.gz")}
    solutions: dict[str, list[Labelled]] = {}
    for row in read_jsonl(folder / "humaneval_python.jsonl.gz"):
        solutions.setdefault(row["task_id"], []).append(_of_row(row))
    return [
        LabelledTask(Target(id=task, text=prompts[task]["prompt"], entry=prompts[task]["entry_point"]), tuple(them))
        for task, them in solutions.items()
    ]


def mbpp_python(folder: Path) -> list[LabelledTask]:
    """The request is the text with its first test, as the models saw it."""
    known = {f"MBPP/{r['task_id']}": r for r in read_jsonl(folder / "mbpp.jsonl.gz")}
    solutions: dict[str, list[Labelled]] = {}
    prompts: dict[str, str] = {}
    for row in read_jsonl(folder / "mbpp_python.jsonl.gz"):
        prompts.setdefault(row["task_id"], row["prompt"])
        solutions.setdefault(row["task_id"], []).append(_of_row(row))
    tasks = []
    for task, them in solutions.items():
        entry = _entry(known[task]["test_list"][0], known[task]["code"])
        if entry is not None:
            tasks.append(LabelledTask(Target(id=task, text=prompts[task], entry=entry), tuple(them)))
    return tasks


def poly_javascript(folder: Path) -> list[LabelledTask]:
    """Translations of the same tasks; the request is the original one, the function has a JavaScript name."""
    prompts = {r["task_id"]: r for r in read_jsonl(folder / "HumanEval.jsonl.gz")}
    solutions: dict[str, list[Labelled]] = {}
    for row in read_jsonl(folder / "poly_javascript.jsonl.gz"):
        solutions.setdefault(row["task_id"], []).append(_of_row(row))
    tasks = []
    for task, them in solutions.items():
        entry = _usual_name(names_of(prompts[task]["entry_point"]), [s.candidate.code for s in them])
        target = Target(id=task, text=prompts[task]["prompt"], entry=entry, language="javascript")
        tasks.append(LabelledTask(target, tuple(them)))
    return tasks


def humanevalpack_python(folder: Path) -> list[LabelledTask]:
    """Each task's right solution and its twin with one fault, each known alone: no agreement."""
    return list(_twins(read_jsonl(folder / "humanevalpack_python.jsonl.gz")))


def humanevalpack_python_peers(folder: Path) -> list[LabelledTask]:
    """The same twins, each beside a dozen samples of as many other models for its task."""
    samples: dict[str, list[Labelled]] = {}
    for row in read_jsonl(folder / "humaneval_python.jsonl.gz"):
        samples.setdefault(row["task_id"], []).append(_of_row(row))
    tasks = []
    for task in humanevalpack_python(folder):
        number = task.target.id.split("#")[0].split("/")[1]
        others = [s.candidate for s in samples[f"HumanEval/{number}"]]
        random.Random(f"peers:{number}").shuffle(others)
        one_each = {c.generator: c for c in others}
        tasks.append(replace(task, peers=tuple(one_each.values())[:_PEERS]))
    return tasks


def testmodel(folder: Path) -> list[LabelledTask]:
    """Samples of the little test model, as benchmarks/testmodel_samples.py writes them."""
    file = folder / "testmodel_python.jsonl.gz"
    solutions: dict[str, list[Labelled]] = {}
    targets: dict[str, Target] = {}
    for row in read_jsonl(file):
        name = row["task_id"]
        targets.setdefault(
            name, Target(id=name, text=row["prompt"], entry=row["entry_point"], signature=row["signature"])
        )
        solutions.setdefault(name, []).append(_of_row(row))
    return [LabelledTask(targets[name], tuple(them)) for name, them in solutions.items()]


def _twins(rows: list[dict[str, Any]]) -> Iterator[LabelledTask]:
    for row in rows:
        for kind, body in (("good", row["canonical_solution"]), ("bad", row["buggy_solution"])):
            code = row["prompt"] + body
            target = Target(id=f"{row['task_id']}#{kind}", text=row["prompt"], entry=row["entry_point"])
            candidate = Candidate(id=solution_id(code, kind), code=code, generator="twins")
            yield LabelledTask(target, (Labelled(candidate, int(kind == "good"), kind),))


def _of_row(row: dict[str, Any]) -> Labelled:
    label = row["label"] if row.get("label_plus") is None else row["label_plus"]
    about = (row["model"], row.get("temp"), row.get("idx"), row.get("source"))
    candidate = Candidate(id=solution_id(row["code"], *about), code=row["code"], generator=row["model"])
    return Labelled(candidate, int(bool(label)))


def _entry(test: str, code: str) -> str | None:
    """The function that a test calls, of those that the reference defines."""
    defined = set(re.findall(r"^\s*def\s+(\w+)", code, re.M))
    return next((name for name in re.findall(r"(\w+)\s*\(", test) if name in defined), None)


def _usual_name(names: tuple[str, ...], codes: list[str]) -> str:
    def uses(name: str) -> int:
        return sum(re.search(rf"\b{re.escape(name)}\b\s*(=|\()", code) is not None for code in codes)

    return max(names, key=uses)


SETS: dict[str, Callable[[Path], list[LabelledTask]]] = {
    "humaneval_python": humaneval_python,
    "mbpp_python": mbpp_python,
    "poly_javascript": poly_javascript,
    "humanevalpack_python": humanevalpack_python,
    "humanevalpack_python_peers": humanevalpack_python_peers,
    "testmodel_python": testmodel,
}

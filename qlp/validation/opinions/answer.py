"""A reviewer's answer, read with suspicion: one JSON object, and test files in fenced blocks of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qlp.agents.fences import Block, read_blocks
from qlp.agents.paths import clean_path
from qlp.errors import QLPError
from qlp.models import Finding, Severity, SourceFile
from qlp.models.finding import SEVERITIES
from qlp.validation.opinions.protocol import Opinion, Reproduction
from qlp.validation.project import Project

_PATH = re.compile(r"path=(\S+)")
_RULE = re.compile(r"[^a-z0-9]+")
_MOST = 5
_FILE_CHARS = 20_000
_EXPECT_CHARS = 3
"""Shorter text proves nothing by being there."""


class UnreadableAnswerError(QLPError):
    """A model's answer that is no review."""

    code = "unreadable_answer"
    status = 502


class _Row(BaseModel):
    """Models add keys of their own; those are ignored."""

    model_config = ConfigDict(extra="ignore", str_max_length=4000)

    rule: str = "opinion"
    severity: str = "low"
    message: str = Field(min_length=1)
    file: str | None = None
    line: int | None = None
    fix: str | None = None
    reproduction: str | None = None
    expect: str | None = None


def read_answer(text: str, project: Project, *, reviewer: str, model: str) -> tuple[Opinion, ...]:
    """At most five. Raises UnreadableAnswerError if the answer holds no list of findings."""
    blocks = read_blocks(text)
    rows = _rows(["\n".join(b.lines) for b in blocks] + [text])
    files = dict(found for block in blocks if (found := _file(block, project)))
    opinions = []
    for raw in rows[:_MOST]:
        try:
            opinions.append(_opinion(_Row.model_validate(raw), files, project, reviewer, model))
        except ValidationError:
            continue  # one row that is none says nothing about the others
    if rows and not opinions:
        raise UnreadableAnswerError("no finding of the model's answer has the form that was asked for")
    return tuple(opinions)


def _rows(sources: Sequence[str]) -> list[Any]:
    decoder = json.JSONDecoder()
    for source in sources:
        start = source.find("{")
        try:
            value, _ = decoder.raw_decode(source, start) if start >= 0 else (None, 0)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("findings"), list):
            return list(value["findings"])
    raise UnreadableAnswerError("the model's answer holds no JSON object with `findings`")


def _file(block: Block, project: Project) -> tuple[str, SourceFile] | None:
    """A new file of the project; what would replace one of its files is no reproduction."""
    named = _PATH.search(block.info[:300])
    path = clean_path(named[1]) if named and block.closed else None
    content = "\n".join(block.lines) + "\n"
    if path is None or path in project.paths or len(content) > _FILE_CHARS or not content.strip():
        return None
    return path, SourceFile(path=path, content=content)


def _opinion(row: _Row, files: Mapping[str, SourceFile], project: Project, reviewer: str, model: str) -> Opinion:
    file = row.file if row.file in project.text else None
    lines = project.text[file].count("\n") + 1 if file else 0
    finding = Finding(
        rule=f"{reviewer}.{_RULE.sub('-', row.rule.lower()).strip('-')[:60] or 'opinion'}",
        severity=_severity(row.severity),
        message=row.message,
        file=file,
        line=row.line if row.line is not None and 1 <= row.line <= lines else None,
        fix=row.fix,
        tool=model,
        source="model",
    )
    test = files.get(clean_path(row.reproduction or "") or "")
    if test is None or row.expect is None or len(row.expect.strip()) < _EXPECT_CHARS:
        return Opinion(finding=finding)
    return Opinion(finding=finding, reproduction=Reproduction(file=test, expect=row.expect.strip()))


def _severity(word: str) -> Severity:
    return next((s for s in SEVERITIES if s == word.strip().lower()), "low")

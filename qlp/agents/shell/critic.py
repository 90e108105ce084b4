"""The critic: another role (and model, where one is configured) compares the agent's files with the requirements.

Its answer is advice. It goes back to the agent once; whether the work is accepted is decided by running it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qlp.agents.fences import read_blocks
from qlp.models import SourceFile, Usage
from qlp.models._base import Frozen

_MOST = 8


class Objection(BaseModel):
    """Models add keys of their own; those are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_max_length=2000)

    requirement: str = ""
    problem: str = Field(min_length=1)
    file: str | None = None

    @property
    def told(self) -> str:
        """One line for the agent."""
        where = f" (in {self.file})" if self.file else ""
        asked = f"; asked for: {self.requirement}" if self.requirement else ""
        return f"- {self.problem}{where}{asked}"


class Review(Frozen):
    """`readable` False: the answer was none, so it says nothing for or against the work."""

    objections: tuple[Objection, ...] = ()
    readable: bool = True
    usage: Usage = Usage()


class Critic(Protocol):
    async def review(self, files: tuple[SourceFile, ...], summary: str, output: str) -> Review:
        """`summary` is the agent's own word, `output` what its last command printed."""


def read_review(text: str) -> Review:
    """`{"objections": [...]}`, in a block or bare. An objection without a problem is none."""
    for source in ["\n".join(b.lines) for b in read_blocks(text)] + [text]:
        rows = _rows(source)
        if rows is not None:
            return Review(objections=tuple(o for row in rows if (o := _objection(row)) is not None)[:_MOST])
    return Review(readable=False)


def _rows(source: str) -> Sequence[Any] | None:
    start = source.find("{")
    if start < 0:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(source, start)
    except (ValueError, RecursionError):
        return None
    rows = value.get("objections") if isinstance(value, dict) else None
    return rows if isinstance(rows, list) else None


def _objection(row: Any) -> Objection | None:
    try:
        return Objection.model_validate(row)
    except ValidationError:
        return None

"""Search/replace blocks: the edit format for repairs, beside whole files.

A fenced block with a path whose content holds one or more of these, each marker alone on its line:

    <<<<<<< SEARCH
    lines that are in the file, exactly once, exactly like this
    =======
    lines to put there
    >>>>>>> REPLACE

Nothing is guessed: text that is not there, or there twice, is an error that goes back to the model. An empty SEARCH
makes a file that does not exist yet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from qlp.models._base import Frozen

EditProblemKind = Literal["bad_edit", "no_match", "ambiguous"]

_SEARCH = re.compile(r"<{5,9} SEARCH\s*")
_MIDDLE = re.compile(r"={5,9}\s*")
_REPLACE = re.compile(r">{5,9} REPLACE\s*")
_QUOTED = 160


class Edit(NamedTuple):
    search: tuple[str, ...]
    replace: tuple[str, ...]


class EditProblem(Frozen):
    """Why an edit cannot be applied; `detail` is fed back to the model."""

    kind: EditProblemKind
    detail: str


def is_edit(lines: Sequence[str]) -> bool:
    """Whether the block's content begins as an edit does: a file that quotes a marker further down is no edit."""
    return next((bool(_SEARCH.fullmatch(line)) for line in lines if line.strip()), False)


def read_edits(lines: Sequence[str]) -> tuple[Edit, ...] | EditProblem:
    """The edits of one block, in order."""
    edits: list[Edit] = []
    search: list[str] = []
    replace: list[str] = []
    where = "outside"
    for line in lines:
        if where == "outside":
            if _SEARCH.fullmatch(line):
                where, search, replace = "search", [], []
            elif line.strip():
                return EditProblem(kind="bad_edit", detail=f"text between two edits: {line.strip()[:_QUOTED]!r}")
        elif where == "search":
            if _MIDDLE.fullmatch(line):
                where = "replace"
            elif _REPLACE.fullmatch(line):
                return EditProblem(kind="bad_edit", detail="an edit has no ======= line")
            else:
                search.append(line)
        elif _REPLACE.fullmatch(line):
            edits.append(Edit(tuple(search), tuple(replace)))
            where = "outside"
        else:
            replace.append(line)
    if where != "outside":
        return EditProblem(kind="bad_edit", detail="the last edit has no >>>>>>> REPLACE line")
    return tuple(edits) or EditProblem(kind="bad_edit", detail="the block holds no edit")


def apply_edits(content: str | None, edits: Sequence[Edit]) -> str | EditProblem:
    """The file after the edits, one after the other; None is a file that does not exist. Matches whole lines."""
    lines = content.removesuffix("\n").split("\n") if content else []
    for edit in edits:
        if not edit.search:
            if lines:
                return EditProblem(kind="bad_edit", detail="SEARCH is empty, and the file has content already")
            lines = list(edit.replace)
            continue
        width = len(edit.search)
        found = [i for i in range(len(lines) - width + 1) if tuple(lines[i : i + width]) == edit.search]
        first = edit.search[0].strip()[:_QUOTED]
        if content is None and not lines:
            return EditProblem(kind="no_match", detail="the file does not exist, so nothing can be searched in it")
        if not found:
            return EditProblem(
                kind="no_match",
                detail=f"the SEARCH text that begins with {first!r} is not in the file; copy it line by line, with "
                "its indentation",
            )
        if len(found) > 1:
            return EditProblem(
                kind="ambiguous",
                detail=f"the SEARCH text that begins with {first!r} is {len(found)} times in the file; add lines "
                "around it",
            )
        lines[found[0] : found[0] + width] = edit.replace
    return "\n".join(lines) + "\n" if lines else ""

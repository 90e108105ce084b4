"""One labelled solution with its features: what a confidence model is trained and measured on."""

from __future__ import annotations

import json
import lzma
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qlp.confidence.features import BY_NAME, Kind
from qlp.errors import InputError


class Row(BaseModel):
    """`solution` is unique within (set, task, generator). What a rows file says besides is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    set: str
    """The collection that it comes from, such as humaneval_python."""
    task: str
    generator: str
    language: str
    kind: Kind
    label: int = Field(ge=0, le=1)
    """1 if it is right by tests that no feature has seen."""
    solution: str
    features: dict[str, float | None]
    twin: str = ""
    """Id of a pair of a buggy program and its fixed one."""


def read_rows(paths: Iterable[Path]) -> list[Row]:
    """Rows of JSON-lines files (`.xz` too), or of all in the given folders, in a stable order. Raises InputError."""
    rows: list[Row] = []
    for file in _files(paths):
        try:
            raw = file.read_bytes()
            lines = (lzma.decompress(raw) if file.suffix == ".xz" else raw).decode("utf-8").splitlines()
        except (OSError, UnicodeDecodeError, lzma.LZMAError) as error:
            raise InputError(f"the rows of {file} cannot be read: {error}") from error
        rows += [_row(line, file, number) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise InputError("there is no feature row in what was given: name *.jsonl files, or a folder of them")
    return rows


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.xz")])
        elif path.is_file():
            yield path
        else:
            raise InputError(f"{path} is neither a file nor a folder")


def _row(line: str, file: Path, number: int) -> Row:
    try:
        row = Row.model_validate(json.loads(line))
    except (ValueError, ValidationError) as error:
        raise InputError(f"{file}, line {number} is no feature row: {str(error).splitlines()[0]}") from error
    unknown = row.features.keys() - BY_NAME.keys()
    if unknown:
        raise InputError(f"{file}, line {number}: unknown features {', '.join(sorted(unknown))}")
    if any(v is not None and not math.isfinite(v) for v in row.features.values()):
        raise InputError(f"{file}, line {number}: a feature is not a finite number")
    return row

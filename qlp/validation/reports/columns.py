"""Columns in UTF-16 code units, as SARIF's readers expect them, from whatever a tool counts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from qlp.models import SourceFile


@cache
def tables() -> dict[str, Any]:
    """`links` and `columns` of help.toml."""
    return tomllib.loads(files("qlp.validation.reports").joinpath("help.toml").read_text("utf-8"))


class Lines:
    """The lines of a project's text files, split when they are first asked for."""

    def __init__(self, project: Sequence[SourceFile]) -> None:
        self._text: Mapping[str, str] = {f.path: f.content for f in project if f.encoding == "utf-8"}
        self._lines: dict[str, list[str]] = {}

    def line(self, file: str | None, number: int | None) -> str | None:
        """Without its end; None if it is not there."""
        if file is None or number is None or file not in self._text:
            return None
        if file not in self._lines:
            self._lines[file] = self._text[file].split("\n")
        lines = self._lines[file]
        return lines[number - 1].rstrip("\r") if 1 <= number <= len(lines) else None

    def column(self, tool: str, file: str | None, number: int | None, column: int | None) -> int | None:
        """`column` from 1, in the tool's own unit -> from 1, in UTF-16 code units."""
        if column is None or column < 1:
            return None
        text = self.line(file, number)
        if text is None or text.isascii():
            return column
        unit = tables()["columns"].get(tool, "character")
        if unit == "utf-16":
            return column
        if unit == "byte":
            before = text.encode()[: column - 1].decode("utf-8", "ignore")
            rest = column - 1 - len(text.encode())
        else:
            before = text[: column - 1]
            rest = column - 1 - len(text)
        return len(before.encode("utf-16-le")) // 2 + 1 + max(0, rest)

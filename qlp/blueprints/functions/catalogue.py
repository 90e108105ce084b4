"""The entries of the catalogue: what they are called, what they export, and their sources, as package data."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

from qlp.models._base import Frozen

CatalogueLanguage = Literal["python", "javascript", "go"]
LANGUAGES: tuple[CatalogueLanguage, ...] = ("python", "javascript", "go")

_SOURCE: dict[CatalogueLanguage, str] = {"python": "python.py", "javascript": "javascript.mjs", "go": "go.go"}
_TEST: dict[CatalogueLanguage, str] = {
    "python": "python_test.py",
    "javascript": "javascript.test.mjs",
    "go": "go_test.go",
}


class ExportedName(Frozen):
    """A name that an entry's module exports."""

    name: str
    kind: Literal["function", "class", "constant", "type"]
    signature: str


class Example(Frozen):
    """A few statements that use the entry, and what they print. Go code names the package `functions`."""

    code: tuple[str, ...]
    output: tuple[str, ...]


class Entry(Frozen):
    """`data/<id>/meta.json`: one function or class in every language of the catalogue."""

    id: str
    """snake_case; also the name of the folder and of the rendered modules."""
    kind: Literal["function", "class"]
    title: str
    summary: str
    phrases: tuple[str, ...]
    """Ways to name the entry that mean it in any sentence."""
    weak_phrases: tuple[str, ...] = ()
    """Ways to name it that count only where a function or class is plainly asked for."""
    covers: tuple[str, ...] = ()
    """Words for details that the entry does serve, beside those of its phrases, title and summary."""
    excludes: tuple[str, ...] = ()
    """Otherwise harmless words that ask for something that the entry does not do."""
    names: dict[CatalogueLanguage, tuple[ExportedName, ...]]
    example: dict[CatalogueLanguage, Example]

    def source(self, language: CatalogueLanguage) -> str:
        """The module's text."""
        return _read(self.id, _SOURCE[language])

    def test(self, language: CatalogueLanguage) -> str:
        """The text of the module's test."""
        return _read(self.id, _TEST[language])


@cache
def _read(entry: str, name: str) -> str:
    return files(__package__).joinpath("data", entry, name).read_text(encoding="utf-8")


@cache
def catalogue() -> dict[str, Entry]:
    """All entries by id, in alphabetical order."""
    folders = sorted(f.name for f in files(__package__).joinpath("data").iterdir() if f.joinpath("meta.json").is_file())
    return {folder: Entry.model_validate_json(_read(folder, "meta.json")) for folder in folders}

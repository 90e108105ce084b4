"""A rendered project before it is rendered: one table of files per language, from which plan and files both follow."""

from __future__ import annotations

import keyword
import re
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from qlp.blueprints.functions.catalogue import CatalogueLanguage, Entry
from qlp.blueprints.functions.words import vocabulary
from qlp.blueprints.rendering import render
from qlp.models import ProjectCommand

HERE = "qlp.blueprints.functions"
MAX_NAME = 40
"""Longest project name; imports of the longest entry still fit the line then."""

_TOOLS = frozenset(
    {"tests", "test", "src", "pytest", "hypothesis", "ruff", "mypy", "bandit", "setuptools", "functions"}
)


@dataclass(frozen=True)
class File:
    """One file: where it goes, which task owns it, what it is for, and how its text is made."""

    path: str
    task: str
    purpose: str
    text: Callable[[], str]


@dataclass(frozen=True)
class Project:
    """What a request asks for, with names that are safe in the language."""

    name: str
    """kebab-case."""
    package: str
    """Importable package; for JavaScript the same as `name`."""
    language: CatalogueLanguage
    entries: tuple[Entry, ...]
    summary: str

    def template(self, name: str, **extra: object) -> Callable[[], str]:
        """The text of `templates/<language>/<name>.j2` for this project."""
        return lambda: render(HERE, f"{self.language}/{name}.j2", project=self, **extra)

    def expected_output(self) -> str:
        """What the demonstration prints."""
        return "\n".join(line for entry in self.entries for line in entry.example[self.language].output)


@dataclass(frozen=True)
class Layout:
    """Files and commands of a project in its language."""

    files: tuple[File, ...]
    commands: tuple[ProjectCommand, ...]
    modules: dict[str, str]
    """Id of an entry -> path of its module."""


def make_project(name: str, language: CatalogueLanguage, entries: tuple[Entry, ...]) -> Project:
    kebab = kebab_name(name)
    package = {"python": python_package, "go": go_package}.get(language, lambda n: n)(kebab)
    summary = entries[0].summary if len(entries) == 1 else f"{join([e.title for e in entries])}."
    plain = textwrap.shorten(summary, width=200, placeholder=" ...")
    return Project(kebab, package, language, entries, plain[:1].upper() + plain[1:])


def join(titles: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def kebab_name(name: str) -> str:
    """Lower-case ASCII words joined by hyphens, starting with a letter, cut at a word to MAX_NAME."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    kebab = ""
    for word in words:
        longer = f"{kebab}-{word}" if kebab else word
        if len(longer) > MAX_NAME:
            break
        kebab = longer
    kebab = kebab or "".join(words)[:MAX_NAME] or "functions"
    return kebab if kebab[0].isalpha() else f"lib-{kebab}"


def python_package(kebab: str) -> str:
    """`queue` -> queue_lib: neither a keyword, nor the standard library, nor a tool is shadowed."""
    package = kebab.replace("-", "_")
    taken = keyword.iskeyword(package) or package in sys.stdlib_module_names or package in _TOOLS
    return f"{package}_lib" if taken else package


def go_package(kebab: str) -> str:
    """`is-palindrome` -> ispalindrome; names of Go itself get the suffix `lib`."""
    package = kebab.replace("-", "")
    return f"{package}lib" if package in vocabulary()["go_names"] or package.endswith("test") else package

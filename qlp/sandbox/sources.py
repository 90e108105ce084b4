"""What is found in the files of a program: its entry, its sources, its tests, the class or package that is run."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable

from qlp.errors import InputError
from qlp.sandbox.recipes import OUT, Recipe

_GO_MODULE = "module program\n\ngo 1.18\n"
_TEST_CASE = re.compile(rb"^\s*(?:final\s+)?class\s+(\w+)\s+extends\s", re.M)
_PUBLIC_CLASS = re.compile(
    rb"^\s*public\s+(?:(?:final|abstract|sealed|strictfp)\s+)*(?:class|interface|enum|record)\s+(\w+)", re.M
)
_CLASS = re.compile(rb"\b(?:class|interface|enum|record)\s+(\w+)")
_PACKAGE = re.compile(rb"^\s*package\s+([\w.]+)\s*;", re.M)
_MAIN = re.compile(rb"\b(?:int|void|auto|fn|func)\s+main\s*\(", re.M)


class Project:
    """The files of one program, and what is found in them."""

    def __init__(self, recipe: Recipe, files: dict[str, bytes], entry: str | None, test: bool) -> None:
        self.files = files
        self._recipe = recipe
        self._test = test
        self._mine = sorted(path for path in files if path.endswith(recipe.suffixes))
        self.entry = self._find_entry(entry)
        self.tests: tuple[str, ...] = (self.entry,) if entry or not self._test_files() else self._test_files()
        if recipe.name == "java":
            self._name_as_class(_PUBLIC_CLASS)
        elif recipe.name == "php" and self._test:
            self._name_as_class(_TEST_CASE)
        if (
            recipe.name == "go"
            and "go.mod" not in files
            and (test or len({posixpath.dirname(p) for p in self._mine}) > 1)
        ):
            files["go.mod"] = _GO_MODULE.encode()

    def _test_files(self) -> tuple[str, ...]:
        patterns = self._recipe.test_files
        return tuple(p for p in self.files if any(fnmatch.fnmatchcase(posixpath.basename(p), t) for t in patterns))

    def _find_entry(self, entry: str | None) -> str:
        recipe = self._recipe
        if entry is not None:
            entry = posixpath.normpath(entry)
            if entry not in self.files:
                raise InputError(f"the entry point {entry!r} is not among the files: {_listed(self.files)}")
            return entry
        tests = self._test_files() if self._test else ()
        for path in (*tests, recipe.main):
            if path in self.files:
                return path
        if len(self._mine) == 1 or (self._mine and (recipe.name == "java" or "Cargo.toml" in self.files)):
            return next((p for p in self._mine if _has_main(self.files[p])), self._mine[0])
        raise InputError(
            f"there is no {recipe.main} among the files ({_listed(self.files)}): name the one to run as `entry`"
        )

    def _name_as_class(self, pattern: re.Pattern[bytes]) -> None:
        """javac and phpunit want a file to be named as its class; a program sent as one text need not know."""
        name = pattern.search(self.files[self.entry])
        suffix = self._recipe.suffixes[0]
        wanted = posixpath.join(posixpath.dirname(self.entry), f"{name.group(1).decode()}{suffix}") if name else ""
        if name and wanted not in self.files:
            self.tests = tuple(wanted if path == self.entry else path for path in self.tests)
            self.files[wanted] = self.files.pop(self.entry)
            self.entry = wanted
            self._mine = sorted(path for path in self.files if path.endswith(self._recipe.suffixes))

    @property
    def sources(self) -> tuple[str, ...]:
        """Everything that is compiled together; one of several programs is chosen by the entry."""
        if self._recipe.name == "java":
            return tuple(self._mine)
        tests = set(self._test_files())
        programs = {p for p in self._mine if p != self.entry and _has_main(self.files[p])}
        return (self.entry, *(p for p in self._mine if p != self.entry and p not in tests | programs))

    @property
    def module(self) -> str:
        """The entry's class with its package (Java)."""
        if self._recipe.name != "java":
            return ""
        text = self.files[self.entry]
        package = _PACKAGE.search(text)
        before_main, found, _ = text.partition(b"static void main")
        classes = _CLASS.findall(before_main if found else text)
        stem = posixpath.splitext(posixpath.basename(self.entry))[0]
        name = stem if stem.encode() in classes or not classes else classes[-1 if found else 0].decode()
        return f"{package.group(1).decode()}.{name}" if package else name

    @property
    def package(self) -> tuple[str, ...]:
        """What `go build` is told: the entry's folder in a module, else the files beside the entry."""
        folder = posixpath.dirname(self.entry)
        if "go.mod" in self.files:
            return (f"./{folder}",)
        beside = [p for p in self._mine if posixpath.dirname(p) == folder and not p.endswith("_test.go")]
        return tuple(f"./{p}" for p in beside)

    @property
    def test_place(self) -> tuple[str, ...]:
        """Where the tests are, for a test command that takes one place only."""
        folder = posixpath.commonpath([posixpath.dirname(path) for path in self.tests])
        return (argument(self.tests[0]) if len(self.tests) == 1 else folder or ".",)

    def steps(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The compile step, empty if there is none, and the run or test step."""
        recipe = self._recipe
        if recipe.name == "rust" and "Cargo.toml" in self.files:
            cargo = ("--offline", "--quiet", "--target-dir", f"{OUT}/target")
            if self._test:
                return ("cargo", "test", "--no-run", *cargo), ("cargo", "test", *cargo, "--", "{args}")
            return ("cargo", "build", "--release", *cargo), ("cargo", "run", "--release", *cargo, "--", "{args}")
        if not self._test or not recipe.test:
            return recipe.compile, recipe.run
        if recipe.name == "go":
            return (), recipe.test
        return recipe.test_compile or recipe.compile, recipe.test


def _has_main(text: bytes) -> bool:
    return bool(_MAIN.search(text))


def _listed(files: Iterable[str]) -> str:
    names = sorted(files)
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "none were given"


def argument(path: str) -> str:
    """A path that no program can take for an option."""
    return f"./{path}" if path.startswith(("-", "@")) else path

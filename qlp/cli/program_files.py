"""The files that a command line names, as a program's workspace sees them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from qlp.errors import InputError, RequestTooLargeError
from qlp.sandbox.execution import MOST_FILES

SKIP = {".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
MOST_BYTES = 64_000_000


def gather(named: Sequence[Path]) -> dict[str, tuple[bytes, bool]]:
    """Workspace path -> bytes and whether it is executable.

    One folder is the workspace itself; otherwise paths are relative to the folder that all of them share. Links are
    not followed below a folder. Raises InputError.
    """
    for path in named:
        if not path.exists():
            raise InputError(f"there is no {path}; arguments of the program go after --")
    if not named:
        return {}
    root = _root(named)
    found: dict[str, tuple[bytes, bool]] = {}
    size = 0
    for path in (file for one in named for file in _files(one)):
        size += path.stat().st_size
        if size > MOST_BYTES or len(found) >= MOST_FILES:
            raise RequestTooLargeError(f"more than {MOST_FILES} files or {MOST_BYTES // 1_000_000} MB: name fewer")
        inside = PurePosixPath(os.path.relpath(path.absolute(), root)).as_posix()
        found[inside] = (path.read_bytes(), os.access(path, os.X_OK))
    if not found:
        raise InputError(f"{', '.join(map(str, named))}: there are no files in it")
    return found


def inside(path: Path, named: Sequence[Path]) -> str:
    """The workspace path of one of the named files."""
    return PurePosixPath(os.path.relpath(path.absolute(), _root(named))).as_posix()


def language_of(paths: Sequence[str]) -> str:
    """By the ending of the first that tells. Raises InputError."""
    from qlp.sandbox.recipes import RECIPES

    for path in paths:
        for recipe in RECIPES:
            if path.endswith(recipe.suffixes):
                return recipe.name
    known = ", ".join(suffix for recipe in RECIPES for suffix in recipe.suffixes[:1])
    raise InputError(f"no file's ending tells the language ({known}): name it with --language")


def _root(named: Sequence[Path]) -> Path:
    if len(named) == 1 and named[0].is_dir():
        return named[0].absolute()
    return Path(os.path.commonpath([path.absolute().parent for path in named]))


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path} is neither a file nor a folder")
    below = (p for p in sorted(path.rglob("*")) if not SKIP & set(p.relative_to(path).parts))
    return [p for p in below if p.is_file() and not p.is_symlink()]

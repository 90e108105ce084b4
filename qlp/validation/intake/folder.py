"""A folder or a file of this machine, for the command line; links are not followed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from qlp.config import ValidationSettings
from qlp.errors import InputError
from qlp.validation.intake.tree import SKIP, Tree

_CACHE = "CACHEDIR.TAG"
"""Marks a folder that can be made again (bford.info/cachedir): cargo's target, pytest's and ruff's caches."""


def read_folder(path: Path, room: ValidationSettings) -> Tree:
    """One file, or every plain file below a folder, binary ones too. Raises InputError, RequestTooLargeError."""
    tree = Tree(room, strict=False)
    if path.is_file():
        _add(tree, path, path.name)
    elif path.is_dir():
        for folder, folders, names in os.walk(path, followlinks=False):
            folders[:] = sorted(f for f in folders if f not in SKIP and not Path(folder, f, _CACHE).is_file())
            for name in sorted(names):
                file = Path(folder, name)
                _add(tree, file, file.relative_to(path).as_posix())
    else:
        raise InputError(f"{path} is neither a file nor a folder")
    return tree


def read_named(paths: Sequence[Path], root: Path, room: ValidationSettings) -> Tree:
    """Only the named files (pre-commit names what changed), with paths relative to `root`. Raises InputError."""
    tree = Tree(room, strict=False, named=True)
    for path in dict.fromkeys(paths):
        try:
            inside = Path(os.path.abspath(path)).relative_to(os.path.abspath(root)).as_posix()
        except ValueError as error:
            raise InputError(f"{path} is not below {root}") from error
        if path.is_symlink() or path.exists():  # a file that the commit removes is named too
            _add(tree, path, inside)
    return tree


def _add(tree: Tree, file: Path, inside: str) -> None:
    if file.is_symlink():
        tree.leave_out(inside, "a link")
    elif not file.is_file():
        tree.leave_out(inside, "no plain file")
    else:
        try:
            if file.stat().st_size > tree.room:
                raise tree.too_large()
            tree.add(inside, file.read_bytes(), executable=os.access(file, os.X_OK))
        except OSError as error:
            raise InputError(f"{file} cannot be read: {error.strerror}") from error

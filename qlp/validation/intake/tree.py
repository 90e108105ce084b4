"""The files of a project while they come in: every path checked, every byte counted, whatever they come from."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.config import ValidationSettings
from qlp.errors import InputError, RequestTooLargeError
from qlp.models import SourceFile
from qlp.pipeline.admit import check_path

SKIP = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache"}
    | {".pytest_cache", ".tox", ".idea", "__MACOSX", ".DS_Store", ".terraform", "dist"}
)
"""Folders and files that no tool wrote for people: histories, caches, dependencies, build results."""
_MARKERS = frozenset(
    {"pyproject.toml", "setup.py", "requirements.txt", "package.json", "go.mod", "Cargo.toml", "pom.xml", "Makefile"}
    | {"CMakeLists.txt", "composer.json", "Gemfile", "build.gradle", "Dockerfile", "main.tf", ".gitignore"}
)
"""A lone top folder that holds one of these (or a README) was packed around the project and is no part of it."""
_TOLD = 20


class Tree:
    """Grows by `add`. Raises RequestTooLargeError as soon as there are too many files or bytes.

    `strict`: a path that cannot be in a project on every system is an InputError; otherwise (a repository, a folder:
    nobody made it for us) the file is left out and told. `named`: somebody named every file, so none is skipped.
    """

    def __init__(self, room: ValidationSettings, *, strict: bool = True, named: bool = False) -> None:
        self._room = room
        self._strict = strict
        self._named = named
        self._files: dict[str, tuple[bytes, bool]] = {}
        self._left_out: list[str] = []
        self._bytes = 0

    @property
    def room(self) -> int:
        """Bytes that still fit."""
        return self._room.max_bytes - self._bytes

    def add(self, path: str, data: bytes, *, executable: bool = False) -> None:
        if not self._named and skipped(path):
            return
        if not self._fits(path):
            return
        if path in self._files:
            raise InputError(f"{path!r} is there twice")
        if len(self._files) >= self._room.max_files:
            raise RequestTooLargeError(
                f"more than {self._room.max_files} files: send a part of the project, or raise validation.max_files",
                limit=self._room.max_files,
            )
        self._bytes += len(data)
        if self._bytes > self._room.max_bytes:
            raise self.too_large()
        self._files[path] = (data, executable)

    def leave_out(self, path: str, why: str) -> None:
        self._left_out.append(f"{path} ({why})")

    def too_large(self) -> RequestTooLargeError:
        return RequestTooLargeError(
            f"the project is larger than {self._room.max_bytes} bytes unpacked: send a part of it, or raise "
            "validation.max_bytes",
            limit=self._room.max_bytes,
        )

    def _fits(self, path: str) -> bool:
        try:
            check_path(path)
            path.encode()
        except (InputError, UnicodeEncodeError) as error:
            if self._strict:
                raise error if isinstance(error, InputError) else InputError(f"{path!r} is no UTF-8 name") from error
            self.leave_out(path.encode("utf-8", "replace").decode(), "its name is not possible on every system")
            return False
        return True

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not among the files and why; at most 20, then how many more."""
        more = len(self._left_out) - _TOLD
        return (*self._left_out[:_TOLD], *([f"and {more} more"] if more > 0 else []))

    def files(self, root: str | None = None) -> tuple[SourceFile, ...]:
        """Sorted by path. `root`: the folder that is the project, empty for all; None drops a lone folder around it.

        Raises InputError: no file, or a path that is a file and a folder.
        """
        chosen = _below(self._files, root) if root else self._files if root == "" else _unwrapped(self._files)
        if not chosen:
            where = f" below {root}" if root else ""
            raise InputError(f"there is no file{where}")
        _check_folders(chosen)
        return tuple(SourceFile.of(path, data, executable=ok) for path, (data, ok) in sorted(chosen.items()))


def skipped(path: str) -> bool:
    """Whether a path lies in a folder that is left out everywhere, silently."""
    return bool(SKIP & set(path.split("/")))


_Files = Mapping[str, tuple[bytes, bool]]


def _below(files: _Files, root: str) -> dict[str, tuple[bytes, bool]]:
    folder = root.strip("/") + "/"
    check_path(folder.rstrip("/"))
    return {path.removeprefix(folder): value for path, value in files.items() if path.startswith(folder)}


def _unwrapped(files: _Files) -> dict[str, tuple[bytes, bool]]:
    tops = {path.split("/", 1)[0] for path in files}
    if len(tops) == 1 and all("/" in path for path in files):
        inner = {path.split("/", 1)[1]: value for path, value in files.items()}
        if any(name in _MARKERS or name.upper().startswith("README") for name in inner):
            return inner
    return dict(files)


def _check_folders(files: _Files) -> None:
    folders = {path.rsplit("/", depth)[0] for path in files for depth in range(1, path.count("/") + 1)}
    for path in files:
        if path in folders:
            raise InputError(f"{path!r} is both a file and a folder")

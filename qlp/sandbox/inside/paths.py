"""Files of the workspace, reached without ever following a link."""

from __future__ import annotations

import contextlib
import errno
import os
import stat

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class PathError(ValueError):
    """A path that is malformed, leaves the workspace, or goes through a link."""


def split(path: str) -> list[str]:
    """Components of a relative path. Raises PathError for anything that could leave the workspace."""
    if not path or "\0" in path or path.startswith("/") or path.endswith("/"):
        raise PathError(f"not a relative file path: {path!r}")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise PathError(f"path leaves the workspace: {path!r}")
    try:
        sizes = [len(os.fsencode(part)) for part in parts]
    except UnicodeEncodeError as error:
        raise PathError(f"path cannot be encoded: {path!r}") from error
    if max(sizes) > 255 or sum(sizes) + len(sizes) > 4000:
        raise PathError(f"path is too long: {path[:80]!r}...")
    return parts


def open_folder(root: str, parts: list[str], create: bool = False) -> int:
    """A descriptor of root/part/part. Raises PathError for links and files on the way, FileNotFoundError."""
    fd = os.open(root, _FOLDER)
    for part in parts:
        try:
            if create:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=fd)
            inner = os.open(part, _FOLDER, dir_fd=fd)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise PathError(f"a link or a file stands in the path: {'/'.join(parts)!r}") from error
            raise
        finally:
            os.close(fd)
        fd = inner
    return fd


def write(root: str, path: str, data: bytes, executable: bool) -> None:
    """Write a file, making folders; an old file or link of that name is replaced, not written through."""
    parts = split(path)
    folder = open_folder(root, parts[:-1], create=True)
    try:
        try:
            os.unlink(parts[-1], dir_fd=folder)
        except FileNotFoundError:
            pass
        except (IsADirectoryError, PermissionError) as error:
            raise PathError(f"a folder has this name: {path!r}") from error
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(parts[-1], flags, 0o755 if executable else 0o644, dir_fd=folder)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
        except OSError:
            os.unlink(parts[-1], dir_fd=folder)
            raise
        finally:
            os.close(fd)
    finally:
        os.close(folder)


def read(root: str, path: str, max_bytes: int) -> bytes:
    """A regular file's bytes. Raises FileNotFoundError (also for links, folders, pipes), PathError if it is larger."""
    parts = split(path)
    try:
        folder = open_folder(root, parts[:-1])
    except PathError as error:
        raise FileNotFoundError(str(error)) from error
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to must not hang
        fd = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        raise FileNotFoundError(f"{path}: {error.strerror}") from error
    finally:
        os.close(folder)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise FileNotFoundError(f"{path}: not a regular file")
        chunks = []
        left = max_bytes + 1
        while left > 0:
            chunk = os.read(fd, min(left, 1 << 20))
            if not chunk:
                break
            chunks.append(chunk)
            left -= len(chunk)
    finally:
        os.close(fd)
    if left <= 0:
        raise PathError(f"{path} is larger than {max_bytes} bytes")
    return b"".join(chunks)

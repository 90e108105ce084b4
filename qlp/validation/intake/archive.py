"""Archives from strangers: zip, tar and tar.gz, read in memory and never unpacked onto a disk.

Refused: absolute paths and paths that leave the project, links and devices, encrypted entries, the same path twice,
more files or bytes than allowed. What is declared is not believed: bytes are counted as they come out.
"""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
import zlib
from typing import Literal

from qlp.config import ValidationSettings
from qlp.errors import InputError, RequestTooLargeError
from qlp.validation.intake.tree import Tree, skipped

ArchiveFormat = Literal["zip", "tar", "tar.gz"]

_ENTRIES_PER_FILE = 4
"""Folders, and files that are left out, per allowed file."""
_TAR_OVERHEAD = 2048
"""Header and padding of one entry, bytes; a longer name takes some more, which the end of the tape pays."""
_CHUNK = 65_536


def read_archive(data: bytes, room: ValidationSettings, format: ArchiveFormat | None = None) -> Tree:
    """The files of an archive. `format` None looks at the first bytes. Raises InputError, RequestTooLargeError."""
    kind = format or _format_of(data)
    tree = Tree(room)
    if kind == "zip":
        _read_zip(data, tree, room)
    else:
        _read_tar(_gunzip(data, room) if kind == "tar.gz" else data, tree, room)
    return tree


def _format_of(data: bytes) -> ArchiveFormat:
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if data[:2] == b"\x1f\x8b":
        return "tar.gz"
    if data[257:262] == b"ustar":
        return "tar"
    raise InputError("this is no zip, tar or tar.gz archive; other formats are not read")


def _read_zip(data: bytes, tree: Tree, room: ValidationSettings) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _count(len(entries), room)
            for entry in entries:
                _zip_entry(archive, entry, tree)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(f"the zip archive cannot be read: {error}") from error
    except (OSError, ValueError, OverflowError, UnicodeDecodeError, RuntimeError) as error:
        raise InputError(f"the zip archive is broken: {error}") from error


def _zip_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, tree: Tree) -> None:
    # ZipInfo.filename has lost what is behind a NUL and has the system's separators; orig_filename is what was sent
    path = entry.orig_filename
    mode = entry.external_attr >> 16
    if path.endswith("/"):
        return
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise InputError(f"{path!r} is a link or a device: only plain files are taken")
    if entry.flag_bits & 0x1:
        raise InputError(f"{path!r} is encrypted: send the archive without a password")
    if skipped(path):
        return
    with archive.open(entry) as stream:
        tree.add(path, _bounded(stream, tree), executable=bool(mode & stat.S_IXUSR))


def _bounded(stream: object, tree: Tree) -> bytes:
    content: bytes = stream.read(tree.room + 1)  # type: ignore[attr-defined]
    if len(content) > tree.room:
        raise tree.too_large()
    return content


def _gunzip(data: bytes, room: ValidationSettings) -> bytes:
    """All members, at most what the files and their headers may take: tarfile itself would believe a header's size."""
    most = room.max_bytes + room.max_files * _ENTRIES_PER_FILE * _TAR_OVERHEAD
    parts: list[bytes] = []
    size = 0
    rest = data
    try:
        while rest.strip(b"\0"):
            member = zlib.decompressobj(wbits=31)
            while not member.eof:
                part = member.decompress(rest, _CHUNK * 16)
                rest = member.unconsumed_tail
                size += len(part)
                if size > most:
                    raise RequestTooLargeError(f"the archive unpacks to more than {most} bytes", limit=most)
                parts.append(part)
                if not part and not rest and not member.eof:
                    raise InputError("the archive breaks off")
            rest = member.unused_data
    except zlib.error as error:
        raise InputError(f"the archive cannot be unpacked: {error}") from error
    return b"".join(parts)


def _read_tar(data: bytes, tree: Tree, room: ValidationSettings) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for number, entry in enumerate(archive, 1):
                _count(number, room)
                _tar_entry(archive, entry, tree)
    except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"the tar archive cannot be read: {error}") from error


def _tar_entry(archive: tarfile.TarFile, entry: tarfile.TarInfo, tree: Tree) -> None:
    path = entry.name.removeprefix("./")
    if entry.isdir() or skipped(path):
        return
    if not entry.isreg() or entry.issparse():
        raise InputError(f"{path!r} is a link, a device or a sparse file: only plain files are taken")
    if entry.size > tree.room:
        raise tree.too_large()
    stream = archive.extractfile(entry)
    if stream is None:
        raise InputError(f"{path!r} has no content")
    tree.add(path, _bounded(stream, tree), executable=bool(entry.mode & stat.S_IXUSR))


def _count(entries: int, room: ValidationSettings) -> None:
    most = room.max_files * _ENTRIES_PER_FILE
    if entries > most:
        raise RequestTooLargeError(f"the archive has more than {most} entries", limit=most)

"""The container: a zip in one canonical form.

Entries are stored without compression, sorted by name, with UTF-8 names, the capsule's creation time (UTC) and mode
0644 or 0755; there are no folders, links, comments, extra fields or gaps. So the same contents give the same bytes on
every machine (deflate differs between zlib builds), nothing can be inflated, and a reader proves that an archive
hides nothing by packing what it read and comparing bytes. Format: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and
4.3.16.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from qlp.capsule.layout import folder_conflict, path_problem
from qlp.errors import CapsuleError
from qlp.models._base import Frozen

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_VERSION = 20
_UNIX = 3 << 8
_UTF8 = 0x800


class ArchiveLimits(Frozen):
    """Ceilings of an archive, the same for who writes and who reads."""

    archive_bytes: int = 256 * 1024 * 1024
    entry_bytes: int = 64 * 1024 * 1024
    entries: int = 20_000


class Entry(Frozen):
    data: bytes
    executable: bool = False


def pack(entries: Mapping[str, Entry], created_at: datetime, limits: ArchiveLimits = ArchiveLimits()) -> bytes:
    """The one archive of these entries. Raises CapsuleError for a bad path or beyond the limits."""
    _check_names(entries, limits)
    day, second = _dos_time(created_at)
    body, directory = bytearray(), bytearray()
    for name in sorted(entries, key=lambda n: n.encode()):
        entry, raw = entries[name], name.encode()
        if len(entry.data) > limits.entry_bytes:
            raise CapsuleError(f"{name} has {len(entry.data)} bytes; a capsule holds files up to {limits.entry_bytes}")
        size, checksum = len(entry.data), zlib.crc32(entry.data)
        mode = (stat.S_IFREG | (0o755 if entry.executable else 0o644)) << 16
        shared = (_VERSION, _UTF8, zipfile.ZIP_STORED, second, day, checksum, size, size, len(raw), 0)
        directory += _CENTRAL.pack(0x02014B50, _UNIX | _VERSION, *shared, 0, 0, 0, mode, len(body)) + raw
        body += _LOCAL.pack(0x04034B50, *shared) + raw + entry.data
        if len(body) + len(directory) + _END.size > limits.archive_bytes:
            raise CapsuleError(f"the capsule is larger than {limits.archive_bytes} bytes")
    end = _END.pack(0x06054B50, 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return bytes(body + directory + end)


def unpack(data: bytes, limits: ArchiveLimits = ArchiveLimits()) -> dict[str, Entry]:
    """The entries of an archive, nothing written anywhere. Raises CapsuleError for anything unsafe or unknown."""
    if len(data) > limits.archive_bytes:
        raise CapsuleError(f"the archive has {len(data)} bytes, more than the {limits.archive_bytes} that are allowed")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = archive.infolist()
            _check_directory(found, limits)
            entries = {
                i.filename: Entry(data=archive.read(i), executable=bool(i.external_attr >> 16 & 0o100)) for i in found
            }
    except (zipfile.BadZipFile, zlib.error, struct.error, ValueError, OSError, EOFError, RuntimeError) as error:
        # RuntimeError: encrypted entries, and NotImplementedError for zip features that zipfile lacks.
        raise CapsuleError(f"not a readable zip archive: {error}") from error
    _check_names(entries, limits)
    return entries


def _check_directory(found: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    """Everything that can be refused before one byte of content is read."""
    if len(found) > limits.entries:
        raise CapsuleError(f"the archive has {len(found)} entries, more than the {limits.entries} that are allowed")
    names: set[str] = set()
    total = 0
    for info in found:
        name = info.orig_filename
        if name in names:
            raise CapsuleError(f"duplicate entry: {name} is in the archive more than once")
        names.add(name)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or name.endswith("/"):
            raise CapsuleError(f"{name} is not a regular file: a capsule holds no links, folders or devices")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise CapsuleError(
                f"{name} is compressed (it would grow from {info.compress_size} to {info.file_size} bytes): capsules "
                "store files as they are, so this may be a zip bomb and was not unpacked"
            )
        total += info.file_size
        if info.file_size > limits.entry_bytes or total > limits.archive_bytes:
            raise CapsuleError(f"{name} makes the contents larger than the limits of a capsule; not unpacked")
    _check_paths(names)


def _check_names(entries: Mapping[str, Entry], limits: ArchiveLimits) -> None:
    if len(entries) > limits.entries:
        raise CapsuleError(f"{len(entries)} files are more than the {limits.entries} that a capsule holds")
    _check_paths(entries)


def _check_paths(names: Iterable[str]) -> None:
    names = frozenset(names)
    for name in sorted(names):
        if problem := path_problem(name):
            raise CapsuleError(f"unsafe path {name!r}: it {problem}")
    if folder := folder_conflict(names):
        raise CapsuleError(f"unsafe path {folder!r}: it is a file and also a folder of other files")


def _dos_time(moment: datetime) -> tuple[int, int]:
    """Date and time words of a zip entry; zip knows 1980 to 2107 in steps of two seconds."""
    moment = moment.astimezone(UTC)
    first, last = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC)
    t = min(max(moment, first), last)
    return (t.year - 1980) << 9 | t.month << 5 | t.day, t.hour << 11 | t.minute << 5 | t.second // 2

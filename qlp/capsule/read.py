"""Opens a capsule in memory. Nothing here says that it is authentic: that is what verify.py is for."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from qlp.capsule.archive import ArchiveLimits, Entry, unpack
from qlp.capsule.canonical import canonical_json, sha256_hex
from qlp.capsule.evidence import Logged, read_evidence, read_verdict
from qlp.capsule.layout import MANIFEST, PROJECT
from qlp.errors import CapsuleError, NotFoundError, StorageError
from qlp.models import SourceFile, Verdict
from qlp.models.capsule import Manifest

SCHEMA_VERSIONS = (1,)
"""Versions of the manifest that can be read; none is ever taken away."""


class UnknownSchemaError(CapsuleError):
    code = "unknown_capsule_schema"


@dataclass(frozen=True)
class Capsule:
    """An opened capsule: its manifest and all entries, read once, so that what was checked is what is used."""

    digest: str
    """sha256 of the archive, hex."""
    manifest: Manifest
    entries: Mapping[str, Entry]

    def project(self) -> tuple[SourceFile, ...]:
        """The project's files, sorted by path. Raises CapsuleError if one is not UTF-8."""
        files = []
        for path in sorted(p for p in self.entries if p.startswith(PROJECT)):
            entry = self.entries[path]
            try:
                content = entry.data.decode("utf-8")
            except UnicodeDecodeError as error:
                raise CapsuleError(f"{path} is not UTF-8 text: {error.reason}") from error
            files.append(SourceFile(path=path.removeprefix(PROJECT), content=content, executable=entry.executable))
        return tuple(files)

    def verdict(self) -> Verdict:
        """With all its evidence. Raises CapsuleError."""
        return read_verdict(self.manifest, self.entries)

    def evidence(self) -> tuple[Logged, ...]:
        """Every piece, those of the tasks too. Raises CapsuleError."""
        return tuple(read_evidence(e, self.entries) for e in self.manifest.evidence)


def read_capsule(path: Path, limits: ArchiveLimits = ArchiveLimits()) -> Capsule:
    """Raises NotFoundError, StorageError, CapsuleError."""
    data = read_archive(path, limits)
    entries = unpack(data, limits)
    return Capsule(sha256_hex(data), parse_manifest(entries), entries)


def read_archive(path: Path, limits: ArchiveLimits = ArchiveLimits()) -> bytes:
    """The bytes of a regular file within the limits. Raises NotFoundError, StorageError, CapsuleError."""
    try:
        # Asked before opening: opening a pipe would wait for a writer.
        if not stat.S_ISREG(path.stat().st_mode):
            raise CapsuleError(f"{path} is not a regular file")
        with path.open("rb") as file:
            data = file.read(limits.archive_bytes + 1)
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {path}") from error
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > limits.archive_bytes:
        raise CapsuleError(f"{path} is larger than the {limits.archive_bytes} bytes that a capsule may have")
    return data


def parse_manifest(entries: Mapping[str, Entry]) -> Manifest:
    """Raises UnknownSchemaError for a version that this QLP does not know, CapsuleError for anything malformed."""
    if MANIFEST not in entries:
        raise CapsuleError(f"there is no {MANIFEST}: this is not a capsule")
    data = entries[MANIFEST].data
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CapsuleError(f"{MANIFEST} is not JSON: {error}") from error
    version = value.get("schema_version") if isinstance(value, dict) else None
    if version not in SCHEMA_VERSIONS or isinstance(version, bool):
        known = ", ".join(map(str, SCHEMA_VERSIONS))
        raise UnknownSchemaError(
            f"{MANIFEST} has schema version {version!r}; this QLP reads {known}: a newer QLP may read it"
        )
    try:
        canonical = canonical_json(value)
    except CapsuleError as error:
        raise CapsuleError(f"{MANIFEST}: {error.detail}") from error
    if canonical != data:
        raise CapsuleError(f"{MANIFEST} is not in canonical form")
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise CapsuleError(f"{MANIFEST} is malformed at {where or 'its top'}: {first['msg']}") from error

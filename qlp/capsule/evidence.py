"""Evidence and verdicts as files of a capsule, and back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from qlp.capsule.archive import Entry
from qlp.capsule.canonical import canonical_json, sha256_hex
from qlp.capsule.layout import EVIDENCE, VERDICT
from qlp.errors import CapsuleError
from qlp.models import Evidence, StageResult, TaskResult, Verdict
from qlp.models.capsule import EvidenceEntry, Manifest

_OUTPUTS = ("stdout", "stderr")


class EvidenceFiles:
    """Gives every piece of evidence its files. What is the same in several places is kept once."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._index: dict[str, EvidenceEntry] = {}
        self._taken = {"verdict"}

    @property
    def index(self) -> tuple[EvidenceEntry, ...]:
        return tuple(self._index.values())

    def add(self, source: str, evidence: Evidence) -> EvidenceEntry:
        same = evidence.model_dump_json()
        if same not in self._index:
            self._index[same] = self._write(source, evidence)
        return self._index[same]

    def add_verdict(self, verdict: Verdict) -> dict[str, tuple[str, ...]]:
        """Write the verdict and all of its evidence; returns the evidence files of each stage."""
        files = {s.stage: tuple(self.add("verdict", e).file for e in s.evidence) for s in verdict.stages}
        record = verdict.model_dump(mode="json")
        for stage in record["stages"]:
            stage["evidence"] = list(files[stage["stage"]])
        self.entries[VERDICT] = Entry(data=canonical_json({"schema_version": 1, **record}))
        return {str(stage): names for stage, names in files.items()}

    def add_task(self, result: TaskResult) -> None:
        for evidence in result.evidence:
            self.add(f"task:{result.task_id}", evidence)

    def _write(self, source: str, evidence: Evidence) -> EvidenceEntry:
        stem = EVIDENCE + self._stem(source, evidence.id)
        paths = {output: f"{stem}.{output}.txt" for output in _OUTPUTS}
        record: dict[str, Any] = {"schema_version": 1, "source": source}
        record |= evidence.model_dump(mode="json", exclude=set(_OUTPUTS))
        for output, path in paths.items():
            log = getattr(evidence, output).encode("utf-8", "backslashreplace")
            self.entries[path] = Entry(data=log)
            record[f"{output}_file"] = path
            # Output that is not UTF-8 is kept decoded: then the log cannot have the digest of the original bytes.
            record[f"{output}_exact"] = _is_digest(getattr(evidence, f"{output}_digest"), log)
        data = canonical_json(record)
        self.entries[f"{stem}.json"] = Entry(data=data)
        return EvidenceEntry(
            id=evidence.id,
            source=source,
            stage=evidence.stage,
            file=f"{stem}.json",
            sha256=sha256_hex(data),
            stdout=paths["stdout"],
            stderr=paths["stderr"],
        )

    def _stem(self, source: str, evidence_id: str) -> str:
        """A free file name: ids repeat between tasks, and may hold what a path must not."""
        plain = evidence_id if source == "verdict" else f"{source.removeprefix('task:')}.{evidence_id}"
        stem = re.sub(r"[^A-Za-z0-9._-]+|\.{2,}", "_", plain).strip("._")[:120] or "evidence"
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._taken.add(name)
        return name


class Logged(NamedTuple):
    """One piece of evidence as it lies in a capsule."""

    source: str
    evidence: Evidence
    exact: bool
    """Whether both logs still have the digests that were taken when the command ended, wherever that is claimed."""


def read_evidence(entry: EvidenceEntry, entries: Mapping[str, Entry]) -> Logged:
    """Raises CapsuleError for a missing or malformed file."""
    record = _object(entry.file, entries)
    try:
        source, exact = record.pop("source"), True
        if record.pop("schema_version") != 1 or source != entry.source or record.get("id") != entry.id:
            raise CapsuleError(f"{entry.file} is not the evidence that the manifest names")
        for output in _OUTPUTS:
            path, claimed = record.pop(f"{output}_file"), record.pop(f"{output}_exact")
            if path != getattr(entry, output) or path not in entries:
                raise CapsuleError(f"{entry.file}: its {output} log is missing")
            log = entries[path].data
            record[output] = log.decode("utf-8")
            exact = exact and (not claimed or _is_digest(record[f"{output}_digest"], log))
        return Logged(source, Evidence.model_validate_json(json.dumps(record)), exact)
    except (KeyError, TypeError, ValidationError, UnicodeDecodeError) as error:
        raise CapsuleError(f"{entry.file} is malformed: {error}") from error


def read_verdict(manifest: Manifest, entries: Mapping[str, Entry]) -> Verdict:
    """The verdict with its evidence. Raises CapsuleError for a missing or malformed file."""
    by_file = {e.file: e for e in manifest.evidence}
    record = _object(VERDICT, entries)
    try:
        if record.pop("schema_version") != 1:
            raise CapsuleError(f"{VERDICT} has an unknown schema version")
        stages = []
        for stage in record.pop("stages"):
            pieces = tuple(read_evidence(by_file[name], entries).evidence for name in stage.pop("evidence"))
            result = StageResult.model_validate_json(json.dumps(stage))
            stages.append(result.model_copy(update={"evidence": pieces}))
        return Verdict.model_validate_json(json.dumps({**record, "stages": []})).model_copy(
            update={"stages": tuple(stages)}
        )
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise CapsuleError(f"{VERDICT} is malformed: {error}") from error


def _object(path: str, entries: Mapping[str, Entry]) -> dict[str, Any]:
    if path not in entries:
        raise CapsuleError(f"{path} is missing")
    try:
        value = json.loads(entries[path].data)
    except (ValueError, RecursionError) as error:
        raise CapsuleError(f"{path} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise CapsuleError(f"{path} is not a JSON object")
    return value


def _is_digest(digest: str, data: bytes) -> bool:
    return digest.removeprefix("sha256:") == hashlib.sha256(data).hexdigest()

"""From the results of a run to the bytes of a signed capsule."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from qlp import __version__
from qlp.capsule.archive import Entry, pack
from qlp.capsule.canonical import canonical_json, canonical_model, sha256_hex
from qlp.capsule.evidence import EvidenceFiles
from qlp.capsule.layout import MANIFEST, PROJECT, SBOM, SIGNATURE, path_problem
from qlp.capsule.sbom import build_sbom
from qlp.capsule.sign import Signer
from qlp.capsule.store import CapsuleStore
from qlp.errors import CapsuleError
from qlp.models import (
    Analysis,
    Attempt,
    Confidence,
    Evidence,
    Plan,
    Request,
    SourceFile,
    TaskResult,
    Usage,
    Verdict,
)
from qlp.models.capsule import FileEntry, Manifest, StageClaim, TaskAttempt, ToolVersion
from qlp.validation.evidence import digest_of


@dataclass(frozen=True)
class CapsuleContents:
    """A capsule before it is signed: its manifest, and every entry that the manifest lists."""

    manifest: Manifest
    entries: Mapping[str, Entry]


def assemble(
    *,
    run_id: str,
    request: Request,
    analysis: Analysis,
    plan: Plan,
    results: tuple[TaskResult, ...],
    files: tuple[SourceFile, ...],
    verdict: Verdict,
    confidence: Confidence,
    usage: Usage,
    created_at: datetime,
    generator: str | None = None,
    planning: tuple[Attempt, ...] = (),
) -> CapsuleContents:
    """Deterministic. `created_at` needs a time zone; `generator` defaults to the plan's; `planning` are the tries of
    the planner, listed as task `plan`.

    Raises CapsuleError for files that a capsule cannot hold, for a verdict about other files than these, and for a
    verdict that calls itself verified without evidence.
    """
    if created_at.tzinfo is None:
        raise CapsuleError("created_at needs a time zone")
    entries = _project_entries(files)
    if verdict.input_digest != (digest := digest_of(files)):
        raise CapsuleError(
            f"the verdict is about other files ({verdict.input_digest}) than those to be packaged ({digest})"
        )
    content_digest = hashlib.sha256(canonical_json([e.model_dump() for e in _listed(entries)])).hexdigest()
    proof = EvidenceFiles()
    stage_files = proof.add_verdict(verdict)
    for result in results:
        proof.add_task(result)
    entries |= proof.entries
    pieces = (*verdict.evidence, *(e for r in results for e in r.evidence))
    tools = _tools(pieces)
    sbom = build_sbom(
        project=plan.contract.project,
        files=files,
        tools=tools,
        qlp_version=__version__,
        content_digest=content_digest,
        created_at=created_at,
    )
    entries[SBOM] = Entry(data=sbom)
    attempts = (
        *(TaskAttempt(task="plan", attempt=a) for a in planning),
        *(TaskAttempt(task=r.task_id, attempt=a) for r in results for a in r.attempts),
    )
    manifest = Manifest(
        capsule_id="cap_" + sha256_hex(canonical_json([run_id, content_digest]))[:24],
        name=plan.contract.project,
        created_at=created_at,
        run_id=run_id,
        qlp_version=__version__,
        generator=plan.generator if generator is None else generator,
        request=request,
        assumptions=tuple(dict.fromkeys((*analysis.assumptions, *plan.assumptions))),
        unmet=analysis.unmet,
        plan=plan,
        attempts=attempts,
        prompts=tuple(sorted({a.attempt.prompt for a in attempts} - {""})),
        tools=tools,
        environments=tuple(sorted({e.isolation for e in pieces}, key=lambda i: i.model_dump_json())),
        usage=usage,
        stages=tuple(
            StageClaim(
                stage=s.stage,
                status=s.status,
                reason=s.reason,
                facts=s.facts,
                findings=len(s.findings),
                evidence=stage_files[s.stage],
            )
            for s in verdict.stages
        ),
        required=verdict.required,
        verified=verdict.verified,
        confidence=confidence,
        input_digest=verdict.input_digest,
        files=_listed(entries),
        evidence=proof.index,
    )
    if problems := manifest.unsupported_claims():
        raise CapsuleError("; ".join(problems))
    return CapsuleContents(manifest, entries)


def build_capsule(contents: CapsuleContents, signer: Signer) -> bytes:
    """The archive: the same contents and key give the same bytes. Raises CapsuleError beyond a capsule's limits."""
    manifest = canonical_model(contents.manifest)
    entries = dict(contents.entries)
    entries[MANIFEST] = Entry(data=manifest)
    entries[SIGNATURE] = Entry(data=canonical_model(signer.sign(manifest)))
    return pack(entries, contents.manifest.created_at)


class Written(NamedTuple):
    path: Path
    digest: str
    """sha256 of the archive, hex."""


def write(contents: CapsuleContents, signer: Signer, store: CapsuleStore) -> Written:
    """Build, sign and store. Writing the same contents again changes nothing. Raises CapsuleError, StorageError."""
    stored = store.put(build_capsule(contents, signer), contents.manifest.name)
    return Written(stored.path, stored.digest)


def _project_entries(files: Iterable[SourceFile]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for file in files:
        if problem := path_problem(file.path):
            raise CapsuleError(f"the file {file.path!r} cannot be packaged: its path {problem}")
        if (path := PROJECT + file.path) in entries:
            raise CapsuleError(f"two files are called {file.path}")
        try:
            entries[path] = Entry(data=file.content.encode(), executable=file.executable)
        except UnicodeEncodeError as error:
            raise CapsuleError(f"the file {file.path} holds text that is not valid Unicode: {error.reason}") from error
    if not entries:
        raise CapsuleError("there is no file to package")
    return entries


def _listed(entries: Mapping[str, Entry]) -> tuple[FileEntry, ...]:
    return tuple(
        FileEntry(path=path, sha256=sha256_hex(entry.data), size=len(entry.data), executable=entry.executable)
        for path, entry in sorted(entries.items())
    )


def _tools(pieces: Iterable[Evidence]) -> tuple[ToolVersion, ...]:
    found = {(e.tool, e.tool_version) for e in pieces if e.tool and e.tool_version}
    return tuple(ToolVersion(tool=tool, version=version) for tool, version in sorted(found))

"""Is a capsule what it says? Signature, trust, every byte, then its claims: consistent, and true when run again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from qlp.capsule.archive import ArchiveLimits, Entry, pack, unpack
from qlp.capsule.canonical import sha256_hex
from qlp.capsule.layout import MANIFEST, SBOM, SIGNATURE
from qlp.capsule.read import Capsule, UnknownSchemaError, parse_manifest, read_archive
from qlp.capsule.report import CapsuleProblem, CapsuleReport, ProblemCode
from qlp.capsule.rerun import Validate, rerun
from qlp.capsule.sign import raw_public_key, verify_signature
from qlp.capsule.trust import Trust
from qlp.config import home
from qlp.errors import CapsuleError, QLPError
from qlp.models.capsule import Manifest, Signature
from qlp.validation.evidence import digest_of

_Signed = Literal["ok", "bad", "missing", "unknown_key"]


def check_capsule(path: Path, *, trust: Trust | None = None, limits: ArchiveLimits = ArchiveLimits()) -> CapsuleReport:
    """Everything that can be checked without running anything; `verified` stays False.

    `trust` defaults to the keys of this installation. Raises NotFoundError or StorageError if there is no such file
    or it cannot be read; whatever is wrong inside is in the report.
    """
    return _inspect(path, trust, limits)[0]


async def verify_capsule(
    path: Path, validate: Validate, *, trust: Trust | None = None, limits: ArchiveLimits = ArchiveLimits()
) -> CapsuleReport:
    """`check_capsule`, then run every claimed stage again with `validate`, in a fresh sandbox.

    Nothing of a capsule that was altered or is not signed is run. A capsule of an unknown signer is run, for the
    report, and is not verified.
    """
    report, capsule = _inspect(path, trust, limits)
    if capsule is None or report.digests != "ok" or report.signature not in ("ok", "unknown_key"):
        return report
    problems = list(report.problems)
    try:
        reruns = await rerun(capsule, validate)
    except QLPError as error:
        problems.append(CapsuleProblem(code="rerun_impossible", detail=f"could not run it again: {error.detail}"))
        return _with(report, problems=tuple(problems))
    problems += [
        CapsuleProblem(code="rerun_differs", detail=f"{r.stage}: {problem}") for r in reruns for problem in r.problems
    ]
    holds = report.authentic and not problems and report.claims_verified and all(r.holds for r in reruns)
    return _with(report, problems=tuple(problems), reruns=reruns, verified=holds and bool(reruns))


def _with(report: CapsuleReport, **changes: Any) -> CapsuleReport:
    """A copy whose invariants are checked, which model_copy does not do."""
    return CapsuleReport(**{**{name: getattr(report, name) for name in CapsuleReport.model_fields}, **changes})


def _inspect(path: Path, trust: Trust | None, limits: ArchiveLimits) -> tuple[CapsuleReport, Capsule | None]:
    trust = Trust.load(home() / "keys") if trust is None else trust
    report = CapsuleReport(file=path.name, digest="", signature="missing", digests="unreadable")
    try:
        data = read_archive(path, limits)
        report = _with(report, digest=sha256_hex(data))
        entries = unpack(data, limits)
    except CapsuleError as error:
        return _with(report, problems=(CapsuleProblem(code="unreadable", detail=error.detail),)), None
    problems: list[CapsuleProblem] = []
    signature, key_id, key_name = _check_signature(entries, trust, problems)
    report = _with(report, signature=signature, key_id=key_id, key_name=key_name)
    try:
        manifest = parse_manifest(entries)
    except CapsuleError as error:
        code: ProblemCode = "unknown_schema" if isinstance(error, UnknownSchemaError) else "unreadable"
        problems.append(CapsuleProblem(code=code, detail=error.detail, path=MANIFEST))
        return _with(report, problems=tuple(problems)), None
    capsule = Capsule(report.digest, manifest, entries)
    altered = list(_check_files(manifest, entries))
    if not altered and pack(entries, manifest.created_at, limits) != data:
        detail = "the archive holds bytes outside its files, or its entries have other times, modes or order"
        altered.append(CapsuleProblem(code="archive_altered", detail=detail))
    problems += altered
    if not altered:
        problems += _check_claims(capsule)
    if not manifest.verified:
        problems.append(CapsuleProblem(code="not_verified", detail=_not_claimed(manifest)))
    report = _with(
        report,
        digests="mismatch" if altered else "ok",
        capsule_id=manifest.capsule_id,
        name=manifest.name,
        run_id=manifest.run_id,
        created_at=manifest.created_at,
        claims_verified=manifest.verified,
        problems=tuple(problems),
    )
    return report, capsule


def _not_claimed(manifest: Manifest) -> str:
    open_stages = [f"{c.stage} {c.status}" for c in manifest.stages if c.status != "passed"]
    return f"the capsule does not claim to be verified ({', '.join(open_stages) or 'no stage was run'})"


def _check_signature(
    entries: Mapping[str, Entry], trust: Trust, problems: list[CapsuleProblem]
) -> tuple[_Signed, str | None, str | None]:
    def found(code: ProblemCode, detail: str) -> None:
        problems.append(CapsuleProblem(code=code, detail=detail, path=SIGNATURE))

    if SIGNATURE not in entries:
        found("signature_missing", f"not signed: there is no {SIGNATURE}")
        return "missing", None, None
    try:
        signature = Signature.model_validate_json(entries[SIGNATURE].data)
    except ValidationError as error:
        found("signature_bad", f"{SIGNATURE} is malformed: {error.errors(include_url=False)[0]['msg']}")
        return "bad", None, None
    if MANIFEST not in entries or not verify_signature(signature, entries[MANIFEST].data):
        found("signature_bad", f"bad signature: {MANIFEST} or {SIGNATURE} was changed after signing")
        return "bad", None, None
    name = trust.name_of(raw_public_key(signature))
    if name is None:
        found(
            "unknown_key",
            f"signed by an unknown key ({signature.key_id}): if you know whose it is, pass its public key with "
            "--key FILE or put it into $QLP_HOME/keys/trusted/",
        )
        return "unknown_key", signature.key_id, None
    return "ok", signature.key_id, name


def _check_files(manifest: Manifest, entries: Mapping[str, Entry]) -> Iterator[CapsuleProblem]:
    """The archive holds exactly the files that the manifest lists."""
    listed = {f.path for f in manifest.files}
    if len(listed) != len(manifest.files) or listed & {MANIFEST, SIGNATURE}:
        yield CapsuleProblem(code="inconsistent_claim", detail="the manifest lists a file twice, or itself")
    for path in sorted(entries.keys() - listed - {MANIFEST, SIGNATURE}):
        yield CapsuleProblem(code="extra_file", detail=f"{path} is not in the manifest: it was added", path=path)
    for file in manifest.files:
        entry = entries.get(file.path)
        if entry is None:
            detail = f"{file.path} is in the manifest and not in the archive: it was removed"
            yield CapsuleProblem(code="missing_file", detail=detail, path=file.path)
        elif sha256_hex(entry.data) != file.sha256 or len(entry.data) != file.size:
            detail = f"{file.path} has another content than the manifest says: it was changed"
            yield CapsuleProblem(code="digest_mismatch", detail=detail, path=file.path)
        elif entry.executable != file.executable:
            detail = f"{file.path} has another mode than the manifest says: it was changed"
            yield CapsuleProblem(code="digest_mismatch", detail=detail, path=file.path)


def _check_claims(capsule: Capsule) -> Iterator[CapsuleProblem]:
    """The claims follow from the evidence in the capsule, and the evidence is about the files in the capsule."""
    manifest, digests = capsule.manifest, {f.path: f.sha256 for f in capsule.manifest.files}
    details = list(manifest.unsupported_claims())
    if SBOM not in digests:
        details.append(f"there is no {SBOM}")
    try:
        if digest_of(capsule.project()) != manifest.input_digest:
            details.append("the verdict is about other files than those in the capsule")
        for entry, piece in zip(manifest.evidence, capsule.evidence(), strict=True):
            if digests.get(entry.file) != entry.sha256:
                details.append(f"{entry.file} has another digest in the evidence index")
            if not piece.exact:
                details.append(f"the logs of {entry.file} are not the output that its digests were taken of")
            if entry.source == "verdict" and piece.evidence.input_digest != manifest.input_digest:
                details.append(f"{entry.file} is about other files than the verdict")
        details += _check_verdict(capsule)
    except CapsuleError as error:
        details.append(error.detail)
    return (CapsuleProblem(code="inconsistent_claim", detail=detail) for detail in details)


def _check_verdict(capsule: Capsule) -> Iterator[str]:
    manifest, verdict = capsule.manifest, capsule.verdict()
    if (verdict.verified, verdict.required, verdict.input_digest) != (
        manifest.verified,
        manifest.required,
        manifest.input_digest,
    ):
        yield "the manifest and evidence/verdict.json claim different things"
    if [(s.stage, s.status, s.facts, len(s.findings)) for s in verdict.stages] != [
        (c.stage, c.status, c.facts, c.findings) for c in manifest.stages
    ]:
        yield "the stages of the manifest and of evidence/verdict.json differ"

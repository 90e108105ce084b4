"""What a check of a capsule found."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import AwareDatetime, model_validator

from qlp.models._base import Frozen
from qlp.models.verdict import Stage

ProblemCode = Literal[
    "unreadable",
    "unknown_schema",
    "signature_missing",
    "signature_bad",
    "unknown_key",
    "missing_file",
    "extra_file",
    "digest_mismatch",
    "archive_altered",
    "inconsistent_claim",
    "not_verified",
    "rerun_differs",
    "rerun_impossible",
]


class CapsuleProblem(Frozen):
    """One reason why a capsule is not verified, in words for its user."""

    code: ProblemCode
    detail: str
    path: str | None = None
    """Entry of the archive that it is about."""


class StageComparison(Frozen):
    """What the capsule claims about a stage, against what the same stage showed when it ran again."""

    stage: Stage
    claimed: Literal["passed", "failed", "skipped", "errored"]
    rerun: Literal["passed", "failed", "skipped", "errored", "missing"]
    holds: bool
    problems: tuple[str, ...] = ()
    """Why the claim does not hold."""
    differences: tuple[str, ...] = ()
    """What differs and is no failure: versions of tools, images, better counts."""


class CapsuleReport(Frozen):
    """Result of `check_capsule` (no re-run: never verified) or `verify_capsule`."""

    file: str
    digest: str
    """sha256 of the archive, hex."""
    signature: Literal["ok", "bad", "missing", "unknown_key"]
    """`unknown_key`: the signature is valid and nobody here vouches for the key that made it."""
    key_id: str | None = None
    key_name: str | None = None
    """Where the trust in the key comes from."""
    digests: Literal["ok", "mismatch", "unreadable"]
    """Whether the archive holds exactly the files that the manifest lists, byte by byte."""
    capsule_id: str | None = None
    name: str | None = None
    run_id: str | None = None
    created_at: AwareDatetime | None = None
    claims_verified: bool = False
    """What the manifest says of itself."""
    problems: tuple[CapsuleProblem, ...] = ()
    reruns: tuple[StageComparison, ...] = ()
    verified: bool = False
    """Signed by a trusted key, unaltered, claims to be verified, and every claimed stage showed the same again."""

    @property
    def authentic(self) -> bool:
        """From a trusted signer and unaltered; whether its claims are true is what the re-run shows."""
        return self.signature == "ok" and self.digests == "ok"

    @model_validator(mode="after")
    def _verified_by_evidence_only(self) -> Self:
        proven = self.authentic and self.claims_verified and not self.problems and bool(self.reruns)
        if self.verified and not (proven and all(r.holds for r in self.reruns)):
            raise ValueError("a capsule is verified only by its signature, its digests and a re-run of every stage")
        return self

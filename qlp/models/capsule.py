"""What a capsule says about itself. The signature covers `manifest.json`, the manifest covers everything else."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from qlp.models._base import Frozen
from qlp.models.candidate import Attempt
from qlp.models.confidence import Confidence
from qlp.models.evidence import Isolation
from qlp.models.plan import Plan
from qlp.models.request import Request
from qlp.models.usage import Usage
from qlp.models.verdict import Stage


class FileEntry(Frozen):
    """One entry of the archive, the manifest and the signature excepted."""

    path: str
    """Full path in the archive: `project/...`, `evidence/...`, `sbom.cdx.json`."""
    sha256: str
    """Lower-case hex."""
    size: int
    """Bytes."""
    executable: bool = False


class EvidenceEntry(Frozen):
    """Where one Evidence lies in the archive."""

    id: str
    """As the stages and findings name it; unique within its source."""
    source: str
    """`verdict` for the check of the whole project, `task:<id>` for a task's own checks."""
    stage: str
    file: str
    sha256: str
    """Digest of `file`, as in `Manifest.files`."""
    stdout: str
    stderr: str
    """Paths of the logs in the archive."""


class StageClaim(Frozen):
    """What the capsule claims about one stage; `evidence` names the files that it rests on."""

    stage: Stage
    status: Literal["passed", "failed", "skipped", "errored"]
    reason: str = ""
    facts: dict[str, int | float | str] = {}
    findings: int = 0
    """How many findings the stage has; they are in `evidence/verdict.json`."""
    evidence: tuple[str, ...] = ()


class TaskAttempt(Frozen):
    """One try of an agent, and the task that it was for."""

    task: str
    attempt: Attempt


class ToolVersion(Frozen):
    tool: str
    version: str


class Manifest(Frozen):
    """`manifest.json`, schema version 1."""

    schema_version: Literal[1] = 1
    capsule_id: str
    """`cap_` and 24 hex digits, the same for the same run and files."""
    name: str
    """The project's name in the plan's contract."""
    created_at: AwareDatetime
    run_id: str
    qlp_version: str
    generator: str
    """`blueprint:<name>@<version>` or `model:<provider:model>`."""
    request: Request
    assumptions: tuple[str, ...] = ()
    """What analysis and plan filled in because the request did not say it."""
    unmet: tuple[str, ...] = ()
    """Wishes of the request that were recognised and not served."""
    plan: Plan
    attempts: tuple[TaskAttempt, ...] = ()
    """Every try of every task, with the model and the prompt that it used."""
    prompts: tuple[str, ...] = ()
    """Hashes of the prompt templates used, `name@sha256-prefix`."""
    tools: tuple[ToolVersion, ...] = ()
    environments: tuple[Isolation, ...] = ()
    """Images and toolchains in which the evidence was made."""
    usage: Usage = Usage()
    stages: tuple[StageClaim, ...]
    required: tuple[Stage, ...]
    verified: bool
    confidence: Confidence
    input_digest: str
    """Digest of the project's files that the verdict is about."""
    files: tuple[FileEntry, ...]
    evidence: tuple[EvidenceEntry, ...] = ()

    def unsupported_claims(self) -> tuple[str, ...]:
        """Why `verified` does not follow from the stages; empty when it does, or when it is not claimed."""
        if not self.verified:
            return ()
        claims = {c.stage: c for c in self.stages}
        problems = []
        if not self.required:
            problems.append("verified is claimed although no stage was required")
        for stage in self.required:
            claim = claims.get(stage)
            if claim is None or claim.status != "passed":
                status = claim.status if claim else "missing"
                problems.append(f"verified is claimed although the required stage {stage} is {status}")
            elif not claim.evidence:
                problems.append(f"verified is claimed although the required stage {stage} has no evidence")
        return tuple(problems)


class Signature(Frozen):
    """`SIGNATURE.json`: one Ed25519 signature (RFC 8032) over the bytes of `manifest.json`."""

    schema_version: Literal[1] = 1
    algorithm: Literal["ed25519"] = "ed25519"
    public_key: str = Field(max_length=64)
    """The 32 raw bytes in base64."""
    key_id: str = Field(max_length=64)
    """First 16 hex digits of the sha256 of the raw public key."""
    signature: str = Field(max_length=128)
    """The 64 raw bytes in base64."""

"""One validation as somebody asked for it, the same for API and command line: files, contract, policy, verdict."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from qlp.config import Settings
from qlp.models import LOCAL_TENANT, STAGES, InterfaceContract, SourceFile, Verdict
from qlp.sandbox import limits_from
from qlp.sandbox.protocol import SandboxBackend
from qlp.validation.cache import VerdictCache
from qlp.validation.intake import Origin, ValidateJob, contract_of, files_of
from qlp.validation.outcome import Report, Validation, as_validation
from qlp.validation.policy import Policy, load_policy
from qlp.validation.reports import junit, sarif
from qlp.validation.validator import EVIDENCE_BYTES, StageListener, validate_project


class Review(Protocol):
    """Models' opinions on a verdict (qlp/validation/opinions)."""

    async def __call__(
        self,
        files: Sequence[SourceFile],
        contract: InterfaceContract,
        verdict: Verdict,
        *,
        policy: Policy,
        requirements: str,
        tenant: str,
    ) -> Verdict: ...


Begun = Callable[[InterfaceContract, Origin], Awaitable[None]]


async def validate_asked(
    job: ValidateJob,
    backend: SandboxBackend,
    settings: Settings,
    *,
    given: tuple[tuple[SourceFile, ...], Origin] | None = None,
    policy: Policy | None = None,
    tenant: str = LOCAL_TENANT,
    on_stage: StageListener | None = None,
    cache: VerdictCache | None = None,
    review: Review | None = None,
    report: Report | None = None,
) -> Validation:
    """`given`: files that are here already, instead of the job's; `policy` instead of the one that the job names.

    Raises InputError, RequestTooLargeError, OverloadedError, DeadlineExceededError, SandboxError.
    """
    policy = policy or load_policy(job.policy or settings.validation.policy, settings.home)
    files, origin = given or await files_of(job, settings.validation)
    contract = contract_of(job, files)
    verdict = await validate_project(
        files,
        contract,
        backend,
        policy=policy,
        stages=job.stages or STAGES,
        limits=limits_from(settings.sandbox).model_copy(update={"output_bytes": EVIDENCE_BYTES}),
        on_stage=on_stage,
        cache=cache if job.cache else None,
        tenant=tenant,
        public=job.public,
    )
    if job.opinions and review is not None:
        verdict = await review(files, contract, verdict, policy=policy, requirements=job.requirements, tenant=tenant)
    validation = as_validation(verdict, policy, origin)
    return validation.model_copy(update={"report": _report(validation, files, report)}) if report else validation


def _report(validation: Validation, files: Sequence[SourceFile], report: Report) -> str:
    """Made where the files are: columns and fingerprints need their lines."""
    if report == "junit":
        return junit(validation)
    return json.dumps(sarif(validation, files), ensure_ascii=False)

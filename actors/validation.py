"""What /v1/validate does: the six stages over the files of a request."""

from __future__ import annotations

from pydantic import Field

from qlp.config import SandboxSettings
from qlp.errors import InputError
from qlp.models import Language, SourceFile, Verdict
from qlp.models._base import Frozen
from qlp.pipeline.admit import check_path
from qlp.sandbox.protocol import SandboxBackend


class ValidateJob(Frozen):
    """Files of a project, checked by all stages; the contract is inferred from them."""

    files: dict[str, str] = Field(min_length=1, max_length=500)
    language: Language | None = None


async def validate(job: ValidateJob, backend: SandboxBackend, size: SandboxSettings) -> Verdict:
    """Raises InputError, OverloadedError, SandboxError."""
    from qlp.sandbox import limits_from
    from qlp.validation import infer_contract, validate_project
    from qlp.validation.validator import EVIDENCE_BYTES

    for path, text in job.files.items():
        check_path(path)
        _check_unicode(text, path)
    files = tuple(SourceFile(path=path, content=text) for path, text in job.files.items())
    limits = limits_from(size).model_copy(update={"output_bytes": EVIDENCE_BYTES})
    return await validate_project(files, infer_contract(files, job.language), backend, limits=limits)


def _check_unicode(text: str, path: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{path} holds broken Unicode (a lone surrogate)") from error

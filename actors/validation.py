"""What a validator actor does with one job."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from qlp.config import Settings
from qlp.sandbox.protocol import SandboxBackend
from qlp.validation.intake.job import ValidateJob

if TYPE_CHECKING:
    from qlp.validation.asked import Review
    from qlp.validation.cache import VerdictCache
    from qlp.validation.outcome import Report, Validation
    from qlp.validation.validator import StageListener

__all__ = ["ValidateJob", "Validations"]

log = logging.getLogger(__name__)


class Validations:
    """The jobs of one process: they share the sandboxes, the cache of verdicts and the models."""

    def __init__(self, backend: SandboxBackend, settings: Settings) -> None:
        self._backend = backend
        self._settings = settings
        self._cache: VerdictCache | None = None
        self._review: Review | None = None

    async def validate(
        self, job: ValidateJob, tenant: str, on_stage: StageListener | None = None, report: Report | None = None
    ) -> Validation:
        """Raises InputError, RequestTooLargeError, OverloadedError, DeadlineExceededError, SandboxError."""
        from qlp.validation.asked import validate_asked

        return await validate_asked(
            job,
            self._backend,
            self._settings,
            tenant=tenant,
            on_stage=on_stage,
            cache=self._verdicts() if job.cache else None,
            review=self._reviewer() if job.opinions else None,
            report=report,
        )

    def _verdicts(self) -> VerdictCache | None:
        if self._cache is None:
            from qlp.validation.verdict_store import open_verdict_cache

            self._cache = open_verdict_cache(self._settings)
        return self._cache

    def _reviewer(self) -> Review:
        if self._review is None:
            from actors.client import open_database
            from qlp.pipeline.model_stack import ModelStack
            from qlp.validation.opinions import ModelReview

            stack = ModelStack(self._settings, open_database(self._settings.home))
            self._review = ModelReview(self._backend, stack, self._settings)
        return self._review

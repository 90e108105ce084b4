"""How the API reaches the validators: the least loaded first, a deadline on every call, errors with their classes."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import ray
from ray.exceptions import RayError

from actors.problems import from_problem
from actors.validation import ValidateJob
from actors.validator_pool import PREFIX, ValidatorStats
from qlp.errors import DeadlineExceededError, OverloadedError, ValidatorUnavailableError
from qlp.models import LOCAL_TENANT, Problem, StageResult
from qlp.validation.outcome import Report, Validation

VALIDATE_S = 1800.0
"""Longer than any policy's budget and the queue before it, seconds."""
CONTROL_S = 5.0
FRESH_S = 5.0
"""Pause between two looks for validators, seconds."""

Told = Callable[[StageResult], Awaitable[None]]


class ValidatorClient:
    """One per process. Remembers which validators it keeps busy, and asks the least busy one first."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._names: tuple[str, ...] = ()
        self._looked = -FRESH_S
        self._handles: dict[str, Any] = {}
        self._inside: Counter[str] = Counter()
        self._turn = itertools.count()

    async def validate(
        self,
        job: ValidateJob,
        tenant: str = LOCAL_TENANT,
        on_stage: Told | None = None,
        *,
        report: Report | None = None,
    ) -> Validation:
        """`on_stage` hears each stage as it ends; `report` is for callers that do not listen. When the caller is
        cancelled, so are the validation and its tools.

        Raises InputError, RequestTooLargeError, OverloadedError (with `retry_after_s`), SandboxError,
        DeadlineExceededError, ValidatorUnavailableError.
        """
        refusal: OverloadedError | None = None
        for name in await self._by_load():
            self._inside[name] += 1
            try:
                return await self._validate(name, job, tenant, on_stage, report)
            except OverloadedError as error:
                refusal = error
            finally:
                self._inside[name] -= 1
        assert refusal is not None
        raise refusal

    async def stats(self) -> dict[str, ValidatorStats]:
        """Of every validator, by name. Raises ValidatorUnavailableError, DeadlineExceededError."""
        found: dict[str, ValidatorStats] = {}
        for name in await self._by_load():
            async with self._reached(name, CONTROL_S) as handle:
                found[name] = await asyncio.wrap_future(handle.stats.remote().future())
        return found

    async def _validate(
        self, name: str, job: ValidateJob, tenant: str, on_stage: Told | None, report: Report | None
    ) -> Validation:
        answer: Any = None
        async with self._reached(name, VALIDATE_S) as handle:
            if on_stage is None:
                reference = handle.validate.remote(job, tenant, report)
                try:
                    answer = await asyncio.wrap_future(reference.future())
                except asyncio.CancelledError:  # our caller's, or the deadline's
                    ray.cancel(reference)
                    raise
            else:
                items = handle.validate_streaming.options(num_returns="streaming").remote(job, tenant)
                try:
                    async for item in items:
                        answer = await item
                        if isinstance(answer, StageResult):
                            await on_stage(answer)
                except asyncio.CancelledError:
                    ray.cancel(items)
                    raise
        if isinstance(answer, Problem):
            raise from_problem(answer)
        assert isinstance(answer, Validation)
        return answer

    async def _by_load(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        if not self._names or now - self._looked >= FRESH_S:
            try:
                async with asyncio.timeout(CONTROL_S):
                    self._names = await asyncio.to_thread(_names, self._namespace)
            except TimeoutError as error:
                raise ValidatorUnavailableError("the cluster does not tell which validators there are") from error
            self._looked = now
        if not self._names:
            raise ValidatorUnavailableError(
                "this cluster has no validator: run python -m cluster.start_head on its head node"
            )
        turn = next(self._turn)
        turned = [self._names[(turn + place) % len(self._names)] for place in range(len(self._names))]
        return sorted(turned, key=lambda name: self._inside[name])

    @asynccontextmanager
    async def _reached(self, name: str, timeout_s: float) -> AsyncIterator[Any]:
        """The validator's handle; what is wrong with the way to it comes out as QLP's errors."""
        try:
            async with asyncio.timeout(timeout_s):
                if name not in self._handles:
                    self._handles[name] = await asyncio.to_thread(ray.get_actor, name, self._namespace)
                yield self._handles[name]
        except TimeoutError as error:
            raise DeadlineExceededError(f"the validator did not answer within {timeout_s:g} s") from error
        except (RayError, ValueError) as error:
            self._handles.pop(name, None)
            self._looked = -FRESH_S
            raise ValidatorUnavailableError(f"a validator is not there ({type(error).__name__}); try again") from error


def _names(namespace: str) -> tuple[str, ...]:
    """Of the validators that live or are being restarted."""
    found: list[Any] = ray.util.list_named_actors(all_namespaces=True)
    names = (actor["name"] for actor in found if actor["namespace"] == namespace)
    return tuple(sorted(name for name in names if name.startswith(PREFIX)))

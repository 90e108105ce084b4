"""Validator actors: few processes, each with a bounded number of validations at work and a bounded queue before them.

The tools themselves run in the sandboxes of the managers; an actor prepares files, plans, reads outputs and judges.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
from collections.abc import AsyncIterator
from typing import Any

import ray

from actors.admission import Admission
from actors.orphan import exit_with_parent
from actors.problems import internal_problem, to_problem
from actors.sandbox_client import ManagerClient
from actors.validation import ValidateJob, Validations
from actors.worker_args import public_tree
from qlp.config import Settings
from qlp.errors import QLPError
from qlp.models import Problem, StageResult
from qlp.models._base import Frozen
from qlp.sandbox.managed import ManagedBackend
from qlp.validation.outcome import Report, Validation

log = logging.getLogger(__name__)

PREFIX = "validator-"
MOST = 4
CORES_EACH = 4
OPTIONS: dict[str, Any] = {
    "max_restarts": -1,
    "max_task_retries": 0,
    "num_cpus": 0.1,
    "max_concurrency": 1000,
    "concurrency_groups": {"ctl": 8},
    "scheduling_strategy": "SPREAD",
}


class ValidatorStats(Frozen):
    """Gauges now and counters since the start."""

    pid: int
    working: int
    waiting: int
    done: int
    refused: int


class Validator:
    """A shell around `Validations`. Answers are data: the result, or the Problem that stands for an error."""

    def __init__(self, tree: dict[str, Any], namespace: str) -> None:
        logging.basicConfig(level=logging.WARNING)
        exit_with_parent()
        settings = Settings(**tree)
        self._validations = Validations(ManagedBackend(ManagerClient(namespace)), settings)
        self._admission = Admission(settings.validation.concurrency, settings.validation.queue)

    async def validate(self, job: ValidateJob, tenant: str, report: Report | None = None) -> Validation | Problem:
        return await self._answer(job, tenant, None, report)

    async def validate_streaming(
        self, job: ValidateJob, tenant: str
    ) -> AsyncIterator[StageResult | Validation | Problem]:
        """Called with `num_returns="streaming"`: each stage as it ends, the answer last."""
        told: asyncio.Queue[StageResult | None] = asyncio.Queue()  # one entry a stage and toolchain: small

        work = asyncio.ensure_future(self._answer(job, tenant, told))
        work.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (stage := await told.get()) is not None:
                yield stage
            yield work.result()
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait([work])

    async def _answer(
        self,
        job: ValidateJob,
        tenant: str,
        told: asyncio.Queue[StageResult | None] | None,
        report: Report | None = None,
    ) -> Validation | Problem:
        async def listen(stage: StageResult) -> None:
            assert told is not None
            told.put_nowait(stage)

        try:
            async with self._admission.turn():
                return await self._validations.validate(job, tenant, listen if told is not None else None, report)
        except QLPError as error:
            return to_problem(error)
        except Exception as error:  # boundary of the actor
            log.exception("validator")
            return internal_problem(error)

    @ray.method(concurrency_group="ctl")
    async def stats(self) -> ValidatorStats:
        """Also the health check: it answers while every slot is taken."""
        seen = self._admission
        return ValidatorStats(
            pid=os.getpid(), working=seen.working, waiting=seen.waiting, done=seen.done, refused=seen.refused
        )


def start_validators(settings: Settings, *, namespace: str, detached: bool = True) -> list[Any]:
    """Handles of the pool's actors, made where they are missing."""
    actor: Any = ray.remote(**OPTIONS)(Validator)
    tree = public_tree(settings)
    return [
        actor.options(
            name=name, namespace=namespace, get_if_exists=True, lifetime="detached" if detached else None
        ).remote(tree, namespace)
        for name in validator_names(settings, cores=_cores())
    ]


def validator_names(settings: Settings, *, cores: float) -> tuple[str, ...]:
    """One for every four cores, at most four, unless the settings say how many."""
    count = settings.validation.actors or max(1, min(MOST, math.ceil(cores / CORES_EACH)))
    return tuple(f"{PREFIX}{number}" for number in range(count))


def _cores() -> float:
    ask: Any = ray.cluster_resources
    resources: dict[str, float] = ask()
    return resources.get("CPU", 1.0)

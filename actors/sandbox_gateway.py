"""SandboxGateway: the one process that opens the sandbox for HTTP requests, so that no API replica does."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import ray
from pydantic import Field

from actors.client import call
from actors.execution import ExecuteJob, Execution, execute, utf8
from actors.orphan import exit_with_parent
from actors.problems import from_problem, internal_problem, to_problem
from actors.worker_args import public_tree
from qlp.config import SandboxSettings, Settings
from qlp.errors import DeadlineExceededError, OverloadedError, QLPError, SandboxUnavailableError
from qlp.models import Language, Problem, SourceFile, Verdict
from qlp.models._base import Frozen
from qlp.sandbox.protocol import BackendStatus, Limits, SandboxBackend

T = TypeVar("T")
log = logging.getLogger(__name__)

NAME = "sandbox-gateway"
QUEUE = 16
"""Jobs that may wait for a sandbox; one more is refused."""
VALIDATE_DEADLINE_S = 600.0
START_DEADLINE_S = 60.0
"""Waiting for a free sandbox and making it, on top of the job's own time, seconds."""
OPEN_BACKEND = "qlp.sandbox:open_backend"
OUTPUT_BYTES = 262_144
OPTIONS: dict[str, Any] = {"max_restarts": -1, "max_task_retries": 0, "num_cpus": 0.1, "max_concurrency": 256}


class ValidateJob(Frozen):
    """Files of a project, checked by all stages; the contract is inferred from them."""

    files: dict[str, str] = Field(min_length=1, max_length=500)
    language: Language | None = None


class _Turnstile:
    """At most `width` at work and QUEUE waiting."""

    def __init__(self, width: int) -> None:
        self._slots = asyncio.Semaphore(width)
        self._inside = 0
        self._most = width + QUEUE

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Raises OverloadedError."""
        if self._inside >= self._most:
            raise OverloadedError(f"{self._inside} jobs are in the sandbox queue; try again later", retry_after_s=2)
        self._inside += 1
        try:
            async with self._slots:
                yield
        finally:
            self._inside -= 1


class Gateway:
    """Answers are data: the result, or the Problem that stands for an error of qlp.errors."""

    def __init__(self, tree: dict[str, Any], opener: str = OPEN_BACKEND) -> None:
        exit_with_parent()
        self._settings = Settings(**tree)
        module, _, name = opener.partition(":")
        self._open: Callable[..., Awaitable[SandboxBackend]] = getattr(importlib.import_module(module), name)
        self._backend: SandboxBackend | None = None
        self._opening = asyncio.Lock()
        self._turnstile = _Turnstile(self._settings.sandbox.concurrency)

    async def execute(self, job: ExecuteJob) -> Execution | Problem:
        ceiling: SandboxSettings = self._settings.sandbox
        return await self._answer(lambda backend: execute(job, backend, ceiling))

    async def validate(self, job: ValidateJob) -> Verdict | Problem:
        from qlp.pipeline.admit import check_path
        from qlp.validation import infer_contract, validate_project

        async def work(backend: SandboxBackend) -> Verdict:
            for path, text in job.files.items():
                check_path(path)
                utf8(text, path)
            files = tuple(SourceFile(path=path, content=text) for path, text in job.files.items())
            size = self._settings.sandbox
            limits = Limits(memory_mb=size.memory_mb, pids=size.pids, cpus=size.cpus, output_bytes=OUTPUT_BYTES)
            return await validate_project(files, infer_contract(files, job.language), backend, limits=limits)

        return await self._answer(work)

    async def status(self) -> BackendStatus:
        try:
            return await (await self._ready()).probe()
        except SandboxUnavailableError as error:
            remedy = str(error.extra.get("remedy", ""))
            return BackendStatus(name="none", available=False, detail=error.detail, remedy=remedy)

    async def _ready(self) -> SandboxBackend:
        async with self._opening:
            if self._backend is None:
                self._backend = await self._open(self._settings.sandbox, self._settings.home)
            return self._backend

    async def _answer(self, work: Callable[[SandboxBackend], Awaitable[T]]) -> T | Problem:
        try:
            async with self._turnstile.turn():
                return await work(await self._ready())
        except QLPError as error:
            return to_problem(error)
        except Exception as error:  # boundary of the actor
            log.exception("sandbox gateway")
            return internal_problem(error)


def start_gateway(settings: Settings, *, namespace: str, opener: str = OPEN_BACKEND) -> Any:
    """Handle of the gateway actor, made if the namespace has none."""
    actor: Any = ray.remote(**OPTIONS)(Gateway)
    options = {"name": NAME, "namespace": namespace, "get_if_exists": True, "lifetime": "detached"}
    return actor.options(**options).remote(public_tree(settings), opener)


class GatewayClient:
    """Deadlines on every call; errors come back as their classes."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    async def execute(self, job: ExecuteJob) -> Execution:
        """Raises InputError, OverloadedError, SandboxError, DeadlineExceededError."""
        job.sources()  # a wrong job is refused here, without a hop
        answer: Execution | Problem = await self._call("execute", job, timeout_s=job.limits.wall_s + START_DEADLINE_S)
        return _value(answer)

    async def validate(self, job: ValidateJob) -> Verdict:
        answer: Verdict | Problem = await self._call("validate", job, timeout_s=VALIDATE_DEADLINE_S)
        return _value(answer)

    async def status(self, *, timeout_s: float = 5.0) -> BackendStatus:
        answer: BackendStatus = await self._call("status", timeout_s=timeout_s)
        return answer

    async def _call(self, method: str, *args: Any, timeout_s: float) -> Any:
        try:
            return await call(NAME, self._namespace, method, *args, timeout_s=timeout_s)
        except TimeoutError as error:
            raise DeadlineExceededError(f"the sandbox did not answer within {timeout_s:g} s") from error
        except (ray.exceptions.RayError, ValueError) as error:
            raise SandboxUnavailableError(f"the sandbox gateway is not there ({type(error).__name__})") from error


def _value(answer: T | Problem) -> T:
    if isinstance(answer, Problem):
        raise from_problem(answer)
    return answer

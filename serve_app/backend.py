"""What the routes call. A route parses, authorises, calls one of these and shapes the reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from actors.client import RayWorkers, RunService, call, open_database
from actors.validation import ValidateJob
from qlp.capsule import CapsuleStore
from qlp.config import Settings
from qlp.sandbox.protocol import BackendStatus, OutputListener, Sandbox
from qlp.sandbox.work import Done, SessionInfo, SessionSpec, Work
from qlp.security import Pepper
from qlp.store import Database, KeyStore
from qlp.validation.outcome import Report, Validation

READY_TIMEOUT_S = 5.0


class SandboxDoor(Protocol):
    """The sandboxes of the cluster (actors/sandbox_manager.py). A tenant's sessions are not there for others."""

    async def execute(self, work: Work, on_output: OutputListener | None = None) -> Done:
        """Raises InputError, OverloadedError, StorageError, SandboxError, DeadlineExceededError."""

    async def open_session(self, spec: SessionSpec) -> SessionInfo: ...
    async def session(self, session_id: str, tenant: str) -> Sandbox:
        """Raises NotFoundError."""

    async def session_info(self, session_id: str, tenant: str) -> SessionInfo: ...
    async def sessions(self, tenant: str) -> tuple[SessionInfo, ...]: ...
    async def close_session(self, session_id: str, tenant: str) -> None: ...
    async def status(self, *, timeout_s: float = ...) -> BackendStatus: ...


class ValidatorDoor(Protocol):
    """The validators of the cluster (actors/validator_client.py)."""

    async def validate(self, job: ValidateJob, tenant: str, *, report: Report | None = None) -> Validation:
        """Raises InputError, RequestTooLargeError, OverloadedError, SandboxError, DeadlineExceededError."""


@dataclass(frozen=True)
class Backend:
    settings: Settings
    database: Database
    runs: RunService
    keys: KeyStore
    capsules: CapsuleStore
    sandbox: SandboxDoor
    validators: ValidatorDoor
    worker_health: Callable[[], Awaitable[dict[str, str]]]
    """Worker name -> `ready`, or what is wrong with it."""


def open_backend(settings: Settings, *, workers: tuple[str, ...], namespace: str) -> Backend:
    """Inside a replica of the cluster. Raises StorageError."""
    from actors.sandbox_client import ManagerClient
    from actors.validator_client import ValidatorClient

    database = open_database(settings.home)

    async def health() -> dict[str, str]:
        return {name: await _health(name, namespace) for name in workers}

    return Backend(
        settings=settings,
        database=database,
        runs=RunService(database, RayWorkers(workers, namespace), settings),
        keys=KeyStore(database, Pepper.load(settings.home)),
        capsules=CapsuleStore(settings.home / "capsules"),
        sandbox=ManagerClient(namespace),
        validators=ValidatorClient(namespace),
        worker_health=health,
    )


async def _health(name: str, namespace: str) -> str:
    try:
        health = await call(name, namespace, "health", timeout_s=READY_TIMEOUT_S)
    except TimeoutError:
        return f"does not answer within {READY_TIMEOUT_S:g} s"
    except Exception as error:  # noqa: BLE001  boundary: whatever is wrong with a worker is the answer here
        return f"not there ({type(error).__name__})"
    return health.error or "ready"

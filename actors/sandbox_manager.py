"""SandboxManager: one actor for each node that has the resource `sandbox`; the only way to a cluster's sandboxes."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import ray

from actors.orphan import exit_with_parent
from actors.output_stream import Pieces, stream
from actors.problems import internal_problem, to_problem
from actors.sandbox_nodes import manager_name, missing_managers, stale_managers
from actors.worker_args import public_tree
from qlp.config import SandboxSettings, Settings
from qlp.errors import InputError, QLPError, SandboxUnavailableError
from qlp.models import Problem
from qlp.models._base import Frozen
from qlp.sandbox.protocol import BackendStatus, OutputListener, Sandbox, SandboxBackend
from qlp.sandbox.service import SandboxService, places
from qlp.sandbox.work import Done, PoolStats, SessionInfo, SessionSpec, Work

T = TypeVar("T")
log = logging.getLogger(__name__)

RESOURCE = "sandbox"
OPEN_BACKEND = "qlp.sandbox:open_backend"
KEEP_S = 10.0
"""Pause between two looks for a backend that could not be opened, and for nodes that came or went."""
OPTIONS: dict[str, Any] = {
    "max_restarts": -1,
    "max_task_retries": 0,
    "num_cpus": 0.1,
    "resources": {RESOURCE: 0.001},
    "max_concurrency": 1000,
    "concurrency_groups": {"ctl": 16},
}
SANDBOX_CALLS = frozenset({"put", "get", "run", "job", "start", "poll", "stop", "http"})


class ManagerHealth(Frozen):
    node: str
    pid: int


class Manager:
    """A shell around `SandboxService`. Answers are data: the result, or the Problem that stands for an error."""

    def __init__(self, tree: dict[str, Any], namespace: str, opener: str = OPEN_BACKEND) -> None:
        logging.basicConfig(level=logging.WARNING)
        exit_with_parent()
        self._tree = tree
        self._namespace = namespace
        self._opener = opener
        self._settings = Settings(**tree)
        self._node = ray.get_runtime_context().get_node_id()[:8]
        self._service: SandboxService | None = None
        self._opening = asyncio.Lock()
        self._drained = False
        self._loop = asyncio.get_running_loop()
        self._keeping = self._loop.create_task(self._keep())

    # --- jobs

    async def execute(self, work: Work) -> Done | Problem:
        return await self._answer(lambda service: service.execute(work))

    async def execute_streaming(self, work: Work) -> AsyncIterator[Pieces | Done | Problem]:
        """Called with `num_returns="streaming"`: output as it comes, the answer last."""

        async def run(listen: OutputListener) -> Done | Problem:
            return await self._answer(lambda service: service.execute(work, on_output=listen))

        async for item in stream(run):
            yield item

    # --- sessions

    async def open_session(self, spec: SessionSpec) -> SessionInfo | Problem:
        return await self._answer(lambda service: service.open_session(spec))

    async def session_info(self, id: str, tenant: str) -> SessionInfo | Problem:
        return await self._answer(lambda service: service.session_info(id, tenant))

    async def sessions(self, tenant: str) -> tuple[SessionInfo, ...] | Problem:
        return await self._answer(lambda service: service.sessions(tenant))

    async def close_session(self, id: str, tenant: str) -> Problem | None:
        return await self._answer(lambda service: service.close_session(id, tenant))

    async def use(self, id: str, tenant: str, call: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """One call of a session's sandbox: its result, or a Problem."""
        return await self._answer(lambda service: _use(service, id, tenant, call, args, options))

    async def use_streaming(
        self, id: str, tenant: str, call: str, args: tuple[Any, ...], options: dict[str, Any]
    ) -> AsyncIterator[Any]:
        """As `use`, for `run` and `job`: output as it comes, the answer last."""

        async def run(listen: OutputListener) -> Any:
            heard = {**options, "on_output": listen}
            return await self._answer(lambda service: _use(service, id, tenant, call, args, heard))

        async for item in stream(run):
            yield item

    # --- the node

    @ray.method(concurrency_group="ctl")
    async def health(self) -> ManagerHealth:
        return ManagerHealth(node=self._node, pid=os.getpid())

    @ray.method(concurrency_group="ctl")
    async def status(self) -> BackendStatus:
        return await self._at_home(self._status())

    @ray.method(concurrency_group="ctl")
    async def stats(self) -> PoolStats:
        return await self._at_home(self._stats())

    @ray.method(concurrency_group="ctl")
    async def drain(self) -> None:
        """No new work; running jobs may end; everything is destroyed. Made before the actor is ended."""
        await self._at_home(self._drain())

    async def _at_home(self, work: Coroutine[Any, Any, T]) -> T:
        """Ray runs each concurrency group in a loop and a thread of its own; the service lives in the default one."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _status(self) -> BackendStatus:
        try:
            return await (await self._ready()).status()
        except SandboxUnavailableError as error:
            remedy = str(error.extra.get("remedy", ""))
            return BackendStatus(name="none", available=False, detail=error.detail, remedy=remedy)

    async def _stats(self) -> PoolStats:
        return self._service.stats() if self._service else PoolStats()

    async def _drain(self) -> None:
        self._drained = True
        self._keeping.cancel()
        async with self._opening:  # one that is being opened is drained too
            service = self._service
        if service is not None:
            await service.drain()

    async def _ready(self) -> SandboxService:
        async with self._opening:
            if self._drained:
                raise SandboxUnavailableError("this node's sandboxes are being shut down; try again")
            if self._service is None:
                from actors.sandbox_metrics import RaySandboxMetrics

                module, _, name = self._opener.partition(":")
                open_backend: Callable[[SandboxSettings, Any], Awaitable[SandboxBackend]]
                open_backend = getattr(importlib.import_module(module), name)
                settings = self._settings.sandbox
                backend = await open_backend(places(settings), self._settings.home)
                metrics = RaySandboxMetrics(self._node)
                self._service = SandboxService(backend, settings, metrics, node=self._node, home=self._settings.home)
                self._service.start()
            return self._service

    async def _answer(self, work: Callable[[SandboxService], Awaitable[T]]) -> T | Problem:
        try:
            return await work(await self._ready())
        except QLPError as error:
            return to_problem(error)
        except Exception as error:  # boundary of the actor
            log.exception("sandbox manager")
            return internal_problem(error)

    async def _keep(self) -> None:
        """Open early, so that the pool is warm; and see that every node with sandboxes has its manager."""
        while True:
            try:
                await self._ready()
                await asyncio.to_thread(self._look_at_nodes)
            except SandboxUnavailableError as error:
                log.warning("no sandbox on this node: %s", error)
            except Exception:  # boundary of a background task: the next look must come
                log.exception("sandbox manager")
            await asyncio.sleep(KEEP_S)

    def _look_at_nodes(self) -> None:
        for node in missing_managers(RESOURCE, self._namespace):
            _start(self._tree, node, self._namespace, self._opener)
        for name in stale_managers(self._namespace):
            ray.kill(ray.get_actor(name, self._namespace))


async def _use(
    service: SandboxService, id: str, tenant: str, call: str, args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    if call not in SANDBOX_CALLS:
        raise InputError(f"a sandbox has no {call!r}")
    sandbox: Sandbox = await service.session(id, tenant)
    return await getattr(sandbox, call)(*args, **options)


def start_managers(settings: Settings, *, namespace: str, opener: str = OPEN_BACKEND) -> list[Any]:
    """Handles of the managers of all nodes, made where there is none. Later nodes get theirs from the first ones."""
    tree = public_tree(settings)
    for node in missing_managers(RESOURCE, namespace):
        _start(tree, node, namespace, opener)
    return manager_handles(namespace)


def manager_handles(namespace: str) -> list[Any]:
    from actors.sandbox_nodes import manager_names

    return [ray.get_actor(name, namespace) for name in manager_names(namespace)]


def _start(tree: dict[str, Any], node: str, namespace: str, opener: str) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    actor: Any = ray.remote(**OPTIONS)(Manager)
    return actor.options(
        name=manager_name(node),
        namespace=namespace,
        get_if_exists=True,
        lifetime="detached",
        scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node, soft=False),
    ).remote(tree, namespace, opener)

"""How run workers and the API reach the cluster's sandboxes: a deadline on every call, errors with their classes."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import ray
from ray.exceptions import RayError

from actors.problems import from_problem
from actors.remote_sandbox import GRACE_S, RemoteSandbox
from actors.sandbox_nodes import manager_name, manager_names
from qlp.errors import DeadlineExceededError, NotFoundError, OverloadedError, SandboxUnavailableError
from qlp.models import Problem
from qlp.sandbox.protocol import BackendStatus, OutputListener, Sandbox
from qlp.sandbox.work import Done, PoolStats, SessionInfo, SessionSpec, Work

QUEUE_S = 60.0
"""How long a job may wait for its turn, seconds."""
OPEN_S = 240.0
CALL_S = 30.0
CONTROL_S = 5.0
FRESH_S = 5.0
"""Pause between two looks for managers, seconds."""


class ManagerClient:
    """One per process. Remembers which managers it keeps busy, and asks the least busy one first."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._handles: dict[str, Any] = {}
        self._names: tuple[str, ...] = ()
        self._looked = -FRESH_S
        self._inside: Counter[str] = Counter()
        self._turn = itertools.count()

    # --- jobs

    async def execute(self, work: Work, on_output: OutputListener | None = None) -> Done:
        """Raises InputError, OverloadedError, SandboxError, StorageError, DeadlineExceededError. Never run twice."""
        walls = (work.limits.wall_s if c.wall_s is None else c.wall_s for c in work.job.commands)
        deadline = sum(min(wall, work.limits.wall_s) for wall in walls) + QUEUE_S + GRACE_S
        refusal: OverloadedError | None = None
        for name in await self._by_load():
            try:
                with self._counted(name):
                    done: Done = await (
                        self._call(name, "execute", work, timeout_s=deadline)
                        if on_output is None
                        else self._stream(name, "execute_streaming", work, on_output=on_output, timeout_s=deadline)
                    )
                    return done
            except OverloadedError as error:
                refusal = error
        assert refusal is not None
        raise refusal

    # --- sessions

    async def open_session(self, spec: SessionSpec) -> SessionInfo:
        """Raises InputError, OverloadedError, SandboxError, DeadlineExceededError."""
        refusal: OverloadedError | None = None
        for name in await self._by_load():
            try:
                info: SessionInfo = await self._call(name, "open_session", spec, timeout_s=OPEN_S)
                return info
            except OverloadedError as error:
                refusal = error
        assert refusal is not None
        raise refusal

    async def session(self, id: str, tenant: str) -> Sandbox:
        """Raises NotFoundError."""
        return RemoteSandbox(self, await self.session_info(id, tenant))

    async def session_info(self, id: str, tenant: str) -> SessionInfo:
        """Raises NotFoundError, also for a session of another tenant and one whose node is gone."""
        info: SessionInfo = await self._call(await self._of(id), "session_info", id, tenant, timeout_s=CALL_S)
        return info

    async def sessions(self, tenant: str) -> tuple[SessionInfo, ...]:
        names = await self._by_load()
        found = await asyncio.gather(*(self._call(name, "sessions", tenant, timeout_s=CALL_S) for name in names))
        return tuple(sorted((info for part in found for info in part), key=lambda info: info.created_at))

    async def close_session(self, id: str, tenant: str) -> None:
        """Raises NotFoundError."""
        await self._call(await self._of(id), "close_session", id, tenant, timeout_s=CALL_S)

    async def use(
        self,
        info: SessionInfo,
        call: str,
        args: tuple[Any, ...],
        options: dict[str, Any],
        *,
        timeout_s: float,
        on_output: OutputListener | None = None,
    ) -> Any:
        """One call of a session's sandbox (`RemoteSandbox`)."""
        name = await self._of(info.id)
        told = (info.id, info.tenant, call, args, options)
        if on_output is None:
            return await self._call(name, "use", *told, timeout_s=timeout_s)
        return await self._stream(name, "use_streaming", *told, on_output=on_output, timeout_s=timeout_s)

    # --- the nodes

    async def status(self, *, timeout_s: float = CONTROL_S) -> BackendStatus:
        """Of the first node that can isolate, else of any. Raises SandboxUnavailableError, DeadlineExceededError."""
        names = await self._by_load()
        asked = [self._call(name, "status", timeout_s=timeout_s) for name in names]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        told = [answer for answer in answers if isinstance(answer, BackendStatus)]
        if not told:
            raise next(answer for answer in answers if isinstance(answer, BaseException))
        return next((status for status in told if status.available), told[0])

    async def stats(self) -> tuple[PoolStats, ...]:
        """One for each node."""
        names = sorted(await self._by_load())
        return tuple(await asyncio.gather(*(self._call(name, "stats", timeout_s=CONTROL_S) for name in names)))

    # --- calls

    async def _by_load(self) -> list[str]:
        """Every manager, the one that this process keeps least busy first. Raises SandboxUnavailableError."""
        names = await self._known()
        if not names:
            raise SandboxUnavailableError(
                "no node of this cluster offers sandboxes: start one with "
                "ray start --resources='{\"sandbox\": 1}' and run python -m cluster.start_head"
            )
        turn = next(self._turn)
        turned = [names[(turn + place) % len(names)] for place in range(len(names))]
        return sorted(turned, key=lambda name: self._inside[name])

    async def _known(self) -> tuple[str, ...]:
        now = asyncio.get_running_loop().time()
        if not self._names or now - self._looked >= FRESH_S:
            try:
                async with asyncio.timeout(CONTROL_S):
                    self._names = await asyncio.to_thread(manager_names, self._namespace)
            except TimeoutError as error:
                raise SandboxUnavailableError("the cluster does not tell which nodes offer sandboxes") from error
            self._looked = now
            self._handles = {name: handle for name, handle in self._handles.items() if name in self._names}
        return self._names

    async def _of(self, id: str) -> str:
        parts = id.split("_")
        name = manager_name(parts[1]) if len(parts) == 3 and parts[0] == "sbx" else ""
        if name not in await self._known():
            raise NotFoundError(f"there is no sandbox session {id}: it may have expired, or its node is gone")
        return name

    @contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        self._inside[name] += 1
        try:
            yield
        finally:
            self._inside[name] -= 1

    async def _call(self, name: str, method: str, *args: Any, timeout_s: float) -> Any:
        async with self._reached(name, timeout_s) as handle:
            reference = getattr(handle, method).remote(*args)
            try:
                answer = await asyncio.wrap_future(reference.future())
            except asyncio.CancelledError:  # our caller's, or the deadline's
                ray.cancel(reference)  # nobody waits for it any more: it must not hold a sandbox
                raise
        return _value(answer)

    async def _stream(self, name: str, method: str, *args: Any, on_output: OutputListener, timeout_s: float) -> Any:
        answer: Any = None
        async with self._reached(name, timeout_s) as handle:
            items = getattr(handle, method).options(num_returns="streaming").remote(*args)
            try:
                async for reference in items:
                    answer = await reference
                    if isinstance(answer, list):
                        for stream, data in answer:
                            on_output(stream, data)
            except asyncio.CancelledError:
                ray.cancel(items)
                raise
        return _value(answer)

    @asynccontextmanager
    async def _reached(self, name: str, timeout_s: float) -> AsyncIterator[Any]:
        """The manager's handle; what is wrong with the way to it comes out as QLP's errors."""
        try:
            async with asyncio.timeout(timeout_s):
                if name not in self._handles:
                    self._handles[name] = await asyncio.to_thread(ray.get_actor, name, self._namespace)
                yield self._handles[name]
        except TimeoutError as error:
            raise DeadlineExceededError(f"the sandbox did not answer within {timeout_s:g} s") from error
        except (RayError, ValueError) as error:
            self._handles.pop(name, None)
            self._looked = -FRESH_S
            raise SandboxUnavailableError(
                f"the sandbox manager of a node is not there ({type(error).__name__}); try again"
            ) from error


def _value(answer: Any) -> Any:
    if isinstance(answer, Problem):
        raise from_problem(answer)
    return answer

"""Sandboxes whose containers sandboxd makes: the session side, over one connection that is the lease of them all."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import socket
from pathlib import Path

from qlp.config import SandboxSettings
from qlp.errors import InputError, QLPError, SandboxProtocolError, SandboxUnavailableError
from qlp.sandbox.cancellation import undone_if_cancelled
from qlp.sandbox.daemon.address import address
from qlp.sandbox.daemon.packets import PacketError, Packets, close_all
from qlp.sandbox.daemon.wire import (
    Acquire,
    Answer,
    DaemonStats,
    Granted,
    Refused,
    Release,
    Stats,
    Told,
    raised,
    read_answer,
)
from qlp.sandbox.door import DoorBackend, Grant
from qlp.sandbox.profiles import DEFAULT_PROFILES
from qlp.sandbox.protocol import BackendStatus, Limits

log = logging.getLogger(__name__)

REMEDY = "start it: qlp up, or qlp sandboxd (see docs/sandboxd.md)"
ACQUIRE_S = 90.0
RELEASE_S = 30.0
STATS_S = 15.0
_CONNECT_S = 5.0
_SEND_S = 10.0
_ATTEMPTS = 3
"""An acquisition that lost its sandboxd is asked of the next one: what the dead one made is reaped."""
_PAUSE_S = 0.5

Reply = tuple[Answer, list[int]]


class ConnectionLost(SandboxUnavailableError):
    """sandboxd went away, or never was there."""


def daemon_socket(settings: SandboxSettings, home: Path) -> Path:
    return settings.daemon_socket or home / "run" / "sandboxd.sock"


class _Line:
    """One connection, requests multiplexed. Broken once, it stays so."""

    def __init__(self, packets: Packets) -> None:
        self._packets = packets
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self.broken: SandboxUnavailableError | None = None
        self._reader = asyncio.create_task(self._read(), name="sandboxd-line")

    async def ask(self, request: Acquire | Release | Stats, *, timeout_s: float) -> Reply:
        """Raises what sandboxd refused with, ConnectionLost, SandboxUnavailableError when it is late."""
        if self.broken:
            raise self.broken
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[request.id] = waiting
        answer: Answer | None = None
        try:
            async with asyncio.timeout(timeout_s):
                await self._packets.send(request.model_dump(mode="json"), timeout_s=_SEND_S)
                answer, descriptors = await waiting
        except TimeoutError:
            raise SandboxUnavailableError(
                f"sandboxd did not answer `{request.op}` within {timeout_s:g} s; if it hangs, restart it ({REMEDY})"
            ) from None
        except PacketError as error:
            raise InputError(f"too much for one request to sandboxd: {error}") from error
        except OSError as error:
            raise self._lose(f"the connection to sandboxd broke: {error}") from error
        finally:
            del self._waiting[request.id]
            # The answer may have come in the moment in which we gave up.
            if answer is None and waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self._unwanted(*waiting.result())
        if isinstance(answer, Refused):
            raise raised(answer)
        return answer, descriptors

    def next_id(self) -> int:
        return next(self._ids)

    async def close(self) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        self._lose("closed")

    async def _read(self) -> None:
        try:
            while (received := await self._packets.receive()) is not None:
                message, descriptors = received
                try:
                    answer = read_answer(message)
                except SandboxProtocolError:
                    close_all(descriptors)
                    raise
                self._deliver(answer, descriptors)
            self._lose("sandboxd closed the connection")
        except (OSError, PacketError, SandboxProtocolError) as error:
            self._lose(f"the connection to sandboxd broke: {error}")

    def _deliver(self, answer: Answer, descriptors: list[int]) -> None:
        if isinstance(answer, Refused) and answer.id == 0:
            self._lose(answer.detail, raised(answer))
            return
        waiting = self._waiting.get(answer.id)
        if waiting and not waiting.done():
            waiting.set_result((answer, descriptors))
            return
        self._unwanted(answer, descriptors)

    def _unwanted(self, answer: Answer, descriptors: list[int]) -> None:
        """Nobody waits any more: give back what came too late."""
        close_all(descriptors)
        if isinstance(answer, Granted):
            release = Release(id=self.next_id(), container=answer.container)
            task = asyncio.create_task(self._packets.send(release.model_dump(mode="json"), timeout_s=_SEND_S))
            task.add_done_callback(_seen)

    def _lose(self, why: str, error: QLPError | None = None) -> SandboxUnavailableError:
        if self.broken is None:
            if isinstance(error, SandboxUnavailableError) or error is None:
                self.broken = error or ConnectionLost(f"{why}; {REMEDY}")
            else:
                self.broken = SandboxUnavailableError(error.detail, **error.extra)
            self._packets.close()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(self.broken)
        return self.broken


def _seen(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.info("a late container was not given back, its lease ends with the connection: %s", error)


class DaemonDoor:
    """Implements `Door` over sandboxd's socket. Reconnects when sandboxd was restarted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._line: _Line | None = None
        self._dialing = asyncio.Lock()
        self._lines: dict[str, _Line] = {}
        """Container -> the connection that is its lease."""

    async def probe(self) -> BackendStatus:
        try:
            stats = await self.stats()
        except QLPError as error:
            return BackendStatus(name="sandboxd", available=False, detail=error.detail, remedy=REMEDY)
        lacking = " ".join(p for p in DEFAULT_PROFILES if p not in stats.profiles)
        who = f"uid {stats.uid}" + (", root given up" if stats.dropped else "")
        return BackendStatus(
            name="sandboxd",
            available=not stats.trouble,
            detail=stats.trouble
            or f"engine {stats.engine_version} at {stats.engine} through sandboxd ({who}) at {self.path}",
            profiles=stats.profiles,
            images=stats.images,
            remedy=f"qlp sandbox build {lacking}" if lacking and not stats.trouble else "",
        )

    async def stats(self, *, timeout_s: float = STATS_S) -> DaemonStats:
        line = await self._connected()
        answer, _ = await line.ask(Stats(id=line.next_id()), timeout_s=timeout_s)
        if not isinstance(answer, Told):
            raise SandboxProtocolError("sandboxd answered another question")
        return answer.stats

    async def acquire(self, profile: str, limits: Limits, *, tenant: str, runtime: str | None) -> Grant:
        deadline = asyncio.get_running_loop().time() + ACQUIRE_S
        return await undone_if_cancelled(self._acquire(profile, limits, tenant, runtime, deadline), self._give_back)

    async def _acquire(self, profile: str, limits: Limits, tenant: str, runtime: str | None, deadline: float) -> Grant:
        loop = asyncio.get_running_loop()
        for left in reversed(range(_ATTEMPTS)):
            try:
                line = await self._connected()
                ask = Acquire(id=line.next_id(), profile=profile, tenant=tenant, limits=limits, runtime=runtime)
                answer, descriptors = await line.ask(ask, timeout_s=max(0.1, deadline - loop.time()))
                return self._grant(line, answer, descriptors)
            except ConnectionLost:
                if not left or loop.time() > deadline:
                    raise
                await asyncio.sleep(_PAUSE_S)
        raise AssertionError("unreachable")

    def _grant(self, line: _Line, answer: Answer, descriptors: list[int]) -> Grant:
        if not isinstance(answer, Granted) or len(descriptors) != 2:
            close_all(descriptors)
            raise SandboxProtocolError("sandboxd granted a sandbox without its connection")
        connection = socket.socket(fileno=descriptors[0])
        connection.setblocking(False)
        self._lines[answer.container] = line
        return Grant(id=answer.container, connection=connection, isolation=answer.isolation, lock=descriptors[1])

    async def _give_back(self, grant: Grant) -> None:
        grant.connection.close()
        await self.release(grant)

    async def release(self, grant: Grant) -> None:
        line = self._lines.pop(grant.id, None)
        try:
            if line and not line.broken:
                await line.ask(Release(id=line.next_id(), container=grant.id), timeout_s=RELEASE_S)
        except QLPError as error:
            # Its stream is closed, so the runner ends; the lock is free, so the reaper takes what is left.
            log.info("sandboxd did not confirm the end of %s: %s", grant.id, error)
        finally:
            if grant.lock is not None:
                os.close(grant.lock)

    async def explain(self, grant: Grant) -> str:
        try:
            stats = await self.stats(timeout_s=8.0)
        except QLPError as error:
            return error.detail
        return stats.trouble or f"its container {grant.id} was killed or ran out of memory"

    async def reap(self) -> int:
        """sandboxd does it by itself."""
        return 0

    async def close(self) -> None:
        """The lease ends: sandboxd destroys what is still open."""
        line, self._line = self._line, None
        if line:
            await line.close()

    async def _connected(self) -> _Line:
        async with self._dialing:
            if self._line is None or self._line.broken:
                self._line = _Line(Packets(await self._dial(), descriptors=True))
            return self._line

    async def _dial(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(_CONNECT_S):
                with address(self.path) as name:
                    await asyncio.get_running_loop().sock_connect(connection, name)
        except (OSError, TimeoutError) as error:
            connection.close()
            raise ConnectionLost(f"no sandboxd answers at {self.path} ({error!r}); {REMEDY}") from error
        return connection


class DaemonBackend(DoorBackend):
    """`DockerBackend` in two processes: sandboxd has the engine, this one the sessions."""

    name = "sandboxd"

    def __init__(self, settings: SandboxSettings, home: Path) -> None:
        self.home = home
        self.daemon = DaemonDoor(daemon_socket(settings, home))
        super().__init__(self.daemon, slots=settings.concurrency, home=home)

    async def stats(self) -> DaemonStats:
        """Raises SandboxUnavailableError when there is no sandboxd."""
        return await self.daemon.stats()

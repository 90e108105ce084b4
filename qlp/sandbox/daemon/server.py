"""sandboxd's server: callers come in over the socket, containers go out as descriptors.

The lease is the connection: when it closes, its containers are destroyed. Should this process die first, its callers
go on with the sandboxes that they have (data never passed through here) and hold the locks that tell the next sandboxd
which containers are in use; it removes all others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
import time
from dataclasses import dataclass, field

from qlp.errors import AuthError, InputError, NotFoundError, OverloadedError, QLPError
from qlp.sandbox.cancellation import to_the_end
from qlp.sandbox.container_host import ContainerHost
from qlp.sandbox.daemon.packets import PacketError, Packets
from qlp.sandbox.daemon.policy import Policy
from qlp.sandbox.daemon.wire import (
    Acquire,
    Answer,
    DaemonStats,
    Granted,
    Refused,
    Release,
    Released,
    Stats,
    Told,
    id_of,
    read_ask,
    refused,
)
from qlp.sandbox.door import Grant
from qlp.sandbox.ownership import Owner
from qlp.sandbox.reaper import Reaper

log = logging.getLogger(__name__)

MAX_CLIENTS = 64
MAX_IN_FLIGHT = 32
"""Requests of one connection that are being answered; one more is refused."""
MAKING = 4
"""Containers made at the same time: more only make each other slow."""
ACQUIRE_S = 60.0
RELEASE_S = 60.0
STATS_S = 15.0
_SEND_S = 10.0
_LINGER_S = 1.0
_CREDENTIALS = struct.Struct("iII")


@dataclass(eq=False)
class _Client:
    packets: Packets
    leases: dict[str, Owner] = field(default_factory=dict)
    """Container -> its lock, ours until the container was handed over."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Server:
    """One event loop's worth of sandboxd. `listener` is bound and listens already."""

    def __init__(
        self,
        host: ContainerHost,
        policy: Policy,
        listener: socket.socket,
        allowed: frozenset[int],
        *,
        dropped: bool = False,
    ) -> None:
        self._host = host
        self._policy = policy
        self._listener = listener
        self._allowed = allowed
        self._dropped = dropped
        self._clients: set[asyncio.Task[None]] = set()
        self._making = asyncio.Semaphore(MAKING)
        self._open = 0
        self._acquired = 0
        self._reaped = 0
        self._started_at = time.time()
        self._reaper = Reaper(self.reap)
        self._stopping = False

    async def serve(self) -> None:
        """Until cancelled: then what is being made is undone; what callers use goes on until they end."""
        loop = asyncio.get_running_loop()
        self._listener.setblocking(False)
        first = asyncio.create_task(self._reap_first(), name="first-reap")
        self._reaper.start()
        try:
            while True:
                connection, _ = await loop.sock_accept(self._listener)
                self._welcome(connection)
        finally:
            self._stopping = True
            first.cancel()
            await self._reaper.close()
            for task in self._clients:
                task.cancel()
            await asyncio.gather(first, *self._clients, return_exceptions=True)
            await self._reap_first()

    async def reap(self) -> int:
        gone = await self._host.reap()
        self._reaped += gone
        return gone

    async def _reap_first(self) -> None:
        try:
            await self.reap()
        except QLPError as error:
            log.warning("the first look for leftovers failed, it is tried again: %s", error)

    def _welcome(self, connection: socket.socket) -> None:
        task = asyncio.create_task(self._client(connection), name="sandboxd-client")
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _client(self, connection: socket.socket) -> None:
        client = _Client(Packets(connection))
        try:
            if refusal := self._refusal(connection):
                await self._turn_away(client, refusal)
                return
            while (received := await client.packets.receive()) is not None:
                self._take(client, received[0])
        except PacketError as error:
            await self._turn_away(client, InputError(str(error)))
        except (OSError, TimeoutError) as error:
            log.info("a caller's connection broke: %s", error)
        finally:
            await to_the_end(self._farewell(client))

    async def _turn_away(self, client: _Client, error: QLPError) -> None:
        """The last word to a caller. What it sent already is read, or it would see a reset and not our answer."""
        await self._answer(client, refused(0, error))
        with contextlib.suppress(OSError, TimeoutError, PacketError):
            client.packets.connection.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(_LINGER_S):
                while await client.packets.receive() is not None:
                    pass

    def _refusal(self, connection: socket.socket) -> QLPError | None:
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, _ = _CREDENTIALS.unpack(raw)
        if uid not in self._allowed:
            log.warning("refused a caller with uid %d", uid)
            return AuthError(f"uid {uid} may not ask this sandboxd: start it with --allow-uid {uid}")
        if len(self._clients) > MAX_CLIENTS:
            return OverloadedError(f"{MAX_CLIENTS} callers are connected to sandboxd", retry_after_s=2)
        return None

    def _take(self, client: _Client, message: dict[str, object]) -> None:
        task = asyncio.create_task(self._handle(client, message), name="sandboxd-request")
        client.tasks.add(task)
        task.add_done_callback(client.tasks.discard)

    async def _handle(self, client: _Client, message: dict[str, object]) -> None:
        id = id_of(message)
        try:
            if len(client.tasks) > MAX_IN_FLIGHT:
                raise OverloadedError(f"{MAX_IN_FLIGHT} requests are in flight on this connection", retry_after_s=1)
            ask = read_ask(message)
            if isinstance(ask, Acquire):
                await self._acquire(client, ask)
            elif isinstance(ask, Release):
                async with asyncio.timeout(RELEASE_S):
                    await self._answer(client, await self._release(client, ask))
            else:
                async with asyncio.timeout(STATS_S):
                    await self._answer(client, await self._stats(ask))
        except QLPError as error:
            await self._answer(client, refused(id, error))
        except TimeoutError:
            slow = OverloadedError("sandboxd could not do this in time; try again later", retry_after_s=5)
            await self._answer(client, refused(id, slow))
        except Exception:  # boundary of the daemon: recorded here, and the caller is told
            log.exception("sandboxd failed at a request")
            await self._answer(client, Refused(id=id, error="sandbox_error", detail="sandboxd failed; see its log"))

    async def _answer(self, client: _Client, answer: Answer) -> None:
        try:
            await client.packets.send(answer.model_dump(mode="json"), timeout_s=_SEND_S)
        except (OSError, TimeoutError):
            client.packets.close()  # who does not read is not there: the reader sees the end

    async def _acquire(self, client: _Client, ask: Acquire) -> None:
        self._policy.check(ask.limits, ask.runtime)
        self._policy.check_room(self._open)
        self._open += 1
        owner = Owner(self._host.register)
        try:
            async with asyncio.timeout(ACQUIRE_S), self._making:
                grant = await self._host.acquire(
                    ask.profile, ask.limits, tenant=ask.tenant, runtime=ask.runtime, owner=owner, lease=owner.id
                )
        except BaseException:
            owner.close()
            self._open -= 1
            raise
        client.leases[grant.id] = owner
        self._acquired += 1
        await self._hand_over(client, ask, grant, owner)

    async def _hand_over(self, client: _Client, ask: Acquire, grant: Grant, owner: Owner) -> None:
        answer = Granted(id=ask.id, container=grant.id, isolation=grant.isolation)
        try:
            await client.packets.send(
                answer.model_dump(mode="json"), (grant.connection.fileno(), owner.fd), timeout_s=_SEND_S
            )
        except (OSError, TimeoutError):
            client.packets.close()
        finally:
            # From here on the caller's copies count: the stream ends, and the lock is free, when the caller is gone.
            grant.connection.close()
            owner.give_away()

    async def _release(self, client: _Client, ask: Release) -> Released:
        if ask.container not in client.leases:
            raise NotFoundError("this connection has no such container")
        return Released(id=ask.id, released=await to_the_end(self._destroy(client, ask.container)))

    async def _destroy(self, client: _Client, container: str) -> bool:
        owner = client.leases.pop(container)
        removed = await self._host.remove(container)
        self._open -= 1
        if removed:
            owner.forget()  # else the reaper removes both, once the caller has let go of the lock
        return removed

    async def _farewell(self, client: _Client) -> None:
        """The lease ends. When it ends because this process does, containers are left to their callers."""
        for task in client.tasks:
            task.cancel()
        await asyncio.gather(*client.tasks, return_exceptions=True)
        client.packets.close()
        if self._stopping:
            return
        await asyncio.gather(*(self._destroy(client, container) for container in list(client.leases)))

    async def _stats(self, ask: Stats) -> Told:
        return Told(id=ask.id, stats=await self.stats())

    async def stats(self) -> DaemonStats:
        version, trouble = "", ""
        profiles: dict[str, str] = {}
        runtimes: tuple[str, ...] = ()
        try:
            version, profiles = await self._host.look()
            runtimes = tuple(sorted((await self._host.facts()).runtimes & self._policy.runtimes))
        except QLPError as error:
            trouble = error.detail
        return DaemonStats(
            pid=os.getpid(),
            uid=os.geteuid(),
            dropped=self._dropped,
            engine=self._host.url,
            engine_version=version,
            trouble=trouble,
            profiles=tuple(profiles),
            images=profiles,
            runtimes=runtimes,
            open=self._open,
            most_open=self._policy.most_open,
            clients=len(self._clients),
            acquired=self._acquired,
            reaped=self._reaped,
            started_at=self._started_at,
        )

"""Sandboxes in Docker containers (or Podman's, behind the same API), with the engine opened by this process."""

from __future__ import annotations

from pathlib import Path

from qlp.config import SandboxSettings
from qlp.sandbox.container_host import ContainerHost
from qlp.sandbox.door import DoorBackend, Grant
from qlp.sandbox.ownership import Owner
from qlp.sandbox.protocol import BackendStatus, Limits
from qlp.sandbox.reaper import Reaper


class EngineDoor:
    """Implements `Door`: one owner's lock for all containers of this process."""

    def __init__(self, settings: SandboxSettings, home: Path) -> None:
        self.host = ContainerHost(settings, home)
        self.owner: Owner | None = None
        self._reaper = Reaper(self.reap)

    async def probe(self) -> BackendStatus:
        return await self.host.probe("docker")

    async def acquire(self, profile: str, limits: Limits, *, tenant: str, runtime: str | None) -> Grant:
        self._reaper.start()
        return await self.host.acquire(profile, limits, tenant=tenant, runtime=runtime, owner=self.own())

    async def release(self, grant: Grant) -> None:
        await self.host.remove(grant.id)

    async def explain(self, grant: Grant) -> str:
        return await self.host.explain(grant.id)

    async def reap(self) -> int:
        self.own()
        self._reaper.start()
        return await self.host.reap()

    async def close(self) -> None:
        await self._reaper.close()
        owner, self.owner = self.owner, None
        if owner:
            owner.close()
        self.host.close()

    def own(self) -> Owner:
        if self.owner is None:
            self.owner = Owner(self.host.register)
        return self.owner


class DockerBackend(DoorBackend):
    """Both sides in one process."""

    name = "docker"

    def __init__(self, settings: SandboxSettings, home: Path) -> None:
        self._direct = EngineDoor(settings, home)
        super().__init__(self._direct, slots=settings.concurrency, home=home)

    @property
    def owner_id(self) -> str:
        """What the containers of this backend carry in the label `qlp.owner`."""
        return self._direct.own().id

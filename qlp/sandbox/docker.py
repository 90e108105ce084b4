"""Sandboxes in Docker containers (or Podman's, behind the same API)."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qlp.config import SandboxSettings
from qlp.errors import SandboxUnavailableError
from qlp.models import Isolation, Language
from qlp.sandbox import boot, engine, images, seccomp
from qlp.sandbox.attach import AttachStream, attach
from qlp.sandbox.cancellation import to_the_end
from qlp.sandbox.ownership import Owner
from qlp.sandbox.profiles import IMAGE_PROFILES, WORKSPACE, ImageProfile, environment, image_profile, languages
from qlp.sandbox.protocol import BackendStatus, Limits
from qlp.sandbox.session import Session

if TYPE_CHECKING:
    from docker import DockerClient

T = TypeVar("T")

UID = 10001
MAX_LIFETIME_S = 4 * 3600.0
"""A container older than this is removed by any reaper, whoever owns it; the runner ends itself as well."""
_TMP_MB = 128
_SHM_MB = 64
_START_S = 60.0
_CALL_S = 45.0
_GONE_S = 10.0
_IN_CONTAINER = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Where the kernel counts out-of-memory kills: cgroup v2, v1."""


class DockerBackend:
    """One hardened container per sandbox. Construct with `DockerBackend.connect`."""

    name = "docker"

    def __init__(self, settings: SandboxSettings, home: Path) -> None:
        self._settings = settings
        self._home = home
        self._url = engine.engine_url(settings, home)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._client: DockerClient | None = None
        self._runtime = ""
        self._owner: Owner | None = None
        self._ready = asyncio.Lock()

    async def probe(self) -> BackendStatus:
        try:
            version, ready = await self._call(self._look)
        except SandboxUnavailableError as error:
            return BackendStatus(name=self.name, available=False, detail=error.detail, remedy=engine.REMEDY)
        profiles = tuple(language for p in ready for language in languages(p))
        lacking = " ".join(p for p in IMAGE_PROFILES if p not in ready)
        return BackendStatus(
            name=self.name,
            available=True,
            detail=f"engine {version.get('Version', '?')} at {self._url}",
            profiles=profiles,
            remedy=f"qlp sandbox build {lacking}" if lacking else "",
        )

    def _look(self) -> tuple[dict[str, Any], list[ImageProfile]]:
        client = engine.connect(self._url)
        try:
            return client.version(), [p for p in IMAGE_PROFILES if images.present(client, p)]
        finally:
            client.close()

    async def reap(self) -> int:
        """Remove containers whose owner is gone or whose deadline is past; how many there were."""
        client, owner = await self._connected()

        def sweep() -> int:
            gone = 0
            for container in client.api.containers(all=True, filters={"label": "qlp.owner"}):
                labels = container["Labels"]
                foreign = labels.get("qlp.home") != owner.home_id
                expired = float(labels.get("qlp.deadline", "inf")) < time.time()
                if expired or (not foreign and not owner.alive(labels["qlp.owner"])):
                    _remove(client, container["Id"])
                    gone += 1
            owner.forget_dead()
            return gone

        return await self._call(sweep)

    async def close(self) -> None:
        """Let go of the engine; sandboxes that are open are not touched."""
        client, self._client = self._client, None
        owner, self._owner = self._owner, None
        if client:
            await asyncio.to_thread(client.close)
        if owner:
            owner.close()

    @asynccontextmanager
    async def open(self, profile: Language, limits: Limits = Limits()) -> AsyncIterator[Session]:
        async with self._slots:
            client, owner = await self._connected()
            reference = images.image_ref(image_profile(profile))
            digest = await self._call(lambda: self._image_digest(client, reference, profile))
            name = f"qlp-{uuid.uuid4().hex}"
            isolation = Isolation(backend="docker", runtime=self._runtime, image=reference, image_digest=digest)
            stream: AttachStream | None = None
            session: Session | None = None
            try:
                options = self._options(name, reference, owner, limits)
                await to_the_end(self._call(lambda: _create(client, options, name)))
                stream = await attach(self._url, name)
                await to_the_end(self._call(lambda: client.api.start(name)))
                session = Session(stream, isolation, limits, diagnose=lambda: self._diagnose(name, stream))
                await session.hello(_config(profile, limits), timeout_s=_START_S)
                yield session
            finally:
                await to_the_end(self._destroy(client, name, session, stream))

    def _image_digest(self, client: DockerClient, reference: str, profile: Language) -> str:
        from docker.errors import ImageNotFound

        try:
            return str(client.images.get(reference).id)
        except ImageNotFound as error:
            raise SandboxUnavailableError(
                f"the image {reference} is not built; run: qlp sandbox build {image_profile(profile)}"
            ) from error

    def _options(self, name: str, image: str, owner: Owner, limits: Limits) -> dict[str, Any]:
        """The container's configuration, as the engine's create call takes it."""
        megabyte = 1024 * 1024
        mount = f"rw,exec,nosuid,nodev,mode=0755,uid={UID},gid={UID}"
        # Files of a tmpfs are memory of the container: a full workspace must not starve the runner.
        disk_mb = min(limits.disk_mb, max(16, limits.memory_mb // 2))
        tmp_mb = min(_TMP_MB, max(16, limits.memory_mb // 4))
        host: dict[str, Any] = {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true", f"seccomp={seccomp.docker_profile()}"],
            "Memory": limits.memory_mb * megabyte,
            "MemorySwap": limits.memory_mb * megabyte,
            "PidsLimit": limits.pids,
            "NanoCpus": math.ceil(limits.cpus * 1e9),
            "ShmSize": min(_SHM_MB, tmp_mb) * megabyte,
            "Tmpfs": {WORKSPACE: f"{mount},size={disk_mb}m", "/tmp": f"{mount},size={tmp_mb}m"},
            "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}, {"Name": "nofile", "Soft": 1024, "Hard": 4096}],
            "LogConfig": {"Type": "none"},
            "AutoRemove": True,
            "Init": False,  # the runner is process 1 itself: nothing inside can signal it
            "IpcMode": "private",
        }
        if self._settings.runtime:
            host["Runtime"] = self._settings.runtime
        return {
            "Image": image,
            "Cmd": list(boot.COMMAND),
            "Entrypoint": [],
            "User": f"{UID}:{UID}",
            "WorkingDir": WORKSPACE,
            "Hostname": "sandbox",
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
            "OpenStdin": True,
            "StdinOnce": True,
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": False,
            "NetworkDisabled": True,
            "StopSignal": "SIGKILL",
            "Labels": {
                "qlp.owner": owner.id,
                "qlp.home": owner.home_id,
                "qlp.deadline": str(int(time.time() + MAX_LIFETIME_S)),
            },
            "HostConfig": host,
        }

    async def _connected(self) -> tuple[DockerClient, Owner]:
        async with self._ready:
            if self._client is None or self._owner is None:
                client = await self._call(lambda: engine.connect(self._url))
                info = await self._call(client.info)
                self._runtime = self._settings.runtime or str(info.get("DefaultRuntime") or "runc")
                self._client, self._owner = client, Owner(self._home)
            return self._client, self._owner

    async def _call(self, work: Callable[[], T]) -> T:
        """A blocking SDK call with a deadline; whatever goes wrong with the engine is SandboxUnavailableError."""
        import requests
        from docker.errors import DockerException

        try:
            return await _in_thread(work)
        except SandboxUnavailableError:
            raise
        except (DockerException, requests.exceptions.RequestException, OSError, TimeoutError) as error:
            raise SandboxUnavailableError(f"the container engine failed: {error}; {engine.REMEDY}") from error

    async def _diagnose(self, name: str, stream: AttachStream | None) -> str:
        """Why the runner's stream ended."""
        said = f" ({stream.stderr_tail})" if stream and stream.stderr_tail else ""
        try:
            client = await _in_thread(lambda: engine.connect(self._url, timeout_s=5))
            client.close()
        except SandboxUnavailableError as error:
            return error.detail
        return f"its container {name} was killed or ran out of memory{said}"

    async def _destroy(
        self, client: DockerClient, name: str, session: Session | None, stream: AttachStream | None
    ) -> None:
        if session:
            await session.close()
        elif stream:
            await stream.close()
        # An engine that is gone cannot be asked; the container's labels tell the next reaper.
        with contextlib.suppress(SandboxUnavailableError):
            await self._call(lambda: _remove(client, name))


def _config(profile: Language, limits: Limits) -> dict[str, Any]:
    return {
        "root": WORKSPACE,
        "env": environment(image_profile(profile)),
        "rlimits": {"FSIZE": limits.file_mb * 1024 * 1024, "CORE": 0},
        "output_bytes": limits.output_bytes,
        "lifetime_s": MAX_LIFETIME_S,
        "oom_files": list(_IN_CONTAINER),
    }


def _create(client: DockerClient, options: dict[str, Any], name: str) -> None:
    client.api.create_container_from_config(options, name)  # type: ignore[no-untyped-call]


def _remove(client: DockerClient, container: str) -> None:
    """Remove by force and wait until the container is really gone."""
    from docker.errors import APIError, NotFound

    end = time.monotonic() + _GONE_S
    while True:
        try:
            client.api.remove_container(container, force=True, v=True)
        except NotFound:
            return
        except APIError as error:
            if error.status_code != 409 or time.monotonic() > end:  # 409: removal is in progress
                raise
            time.sleep(0.05)


async def _in_thread(work: Callable[[], T]) -> T:
    async with asyncio.timeout(_CALL_S):
        return await asyncio.to_thread(work)

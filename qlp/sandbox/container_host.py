"""The engine's side of container sandboxes: makes, labels, attaches, removes and reaps. All that asks the engine."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from qlp.config import SandboxSettings
from qlp.errors import InputError, SandboxUnavailableError
from qlp.models import Isolation
from qlp.models._base import Frozen
from qlp.sandbox import boot, engine, images, podman
from qlp.sandbox.cancellation import to_the_end, undone_if_cancelled
from qlp.sandbox.container import MAX_LIFETIME_S, create_options
from qlp.sandbox.door import Grant
from qlp.sandbox.engine_calls import Dial, Engine, EngineRefusal, dial_url
from qlp.sandbox.ownership import Owner, Register
from qlp.sandbox.profiles import DEFAULT_PROFILES, IMAGE_PROFILES, added_names, languages, profile_python
from qlp.sandbox.protocol import BackendStatus, Limits

T = TypeVar("T")
log = logging.getLogger(__name__)

_CALL_S = 45.0
_THREADS = 16
OWNER_LABEL = "qlp.owner"


@dataclass(frozen=True)
class EngineFacts:
    """What does not change while the engine runs."""

    version: str
    default_runtime: str
    runtimes: frozenset[str]
    seccomp_file: str | None = None
    """Where Podman, which takes a file of its host and no text, finds the system call profile; None for Docker."""


class ProfileImage(Frozen):
    """What a profile is to the engine."""

    reference: str
    python: tuple[str, ...] = boot.COMMAND[:1]
    """How the Python that runs process 1 is started."""


ProfileTable = dict[str, ProfileImage]
"""By every name that a profile has."""


class ContainerHost:
    """Makes containers from its own policy: callers name a profile, a tenant and limits.

    Blocking engine calls run in threads of its own. `dial` opens connections to the engine; None takes the engine's
    URL from the settings. `register` is where the owners' locks are; None takes that of `home` when it is needed.
    `table` tells the profiles; None reads them (a process that gave up its rights cannot).
    """

    def __init__(
        self,
        settings: SandboxSettings,
        home: Path,
        *,
        dial: Dial | None = None,
        register: Register | None = None,
        table: Callable[[], ProfileTable] | None = None,
    ) -> None:
        self._settings = settings
        self._table = table or (lambda: profile_table(settings, home))
        self._home = home
        self.url = engine.engine_url(settings, home)
        self._dial = dial
        self._engine: Engine | None = None
        self._facts: EngineFacts | None = None
        self._register = register
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="engine")

    # --- what it is --------------------------------------------------------------------------------------------------

    @property
    def register(self) -> Register:
        if self._register is None:
            self._register = Register(self._home)
        return self._register

    async def probe(self, name: str) -> BackendStatus:
        """Never raises."""
        try:
            version, ready = await self.look()
        except SandboxUnavailableError as error:
            return BackendStatus(name=name, available=False, detail=error.detail, remedy=engine.REMEDY)
        lacking = " ".join(p for p in DEFAULT_PROFILES if p not in ready)
        return BackendStatus(
            name=name,
            available=True,
            detail=f"engine {version} at {self.url}",
            profiles=tuple(ready),
            images=ready,
            remedy=f"qlp sandbox build {lacking}" if lacking else "",
        )

    async def look(self) -> tuple[str, dict[str, str]]:
        """The engine's version, and the profiles (by every name that they have) whose image is there -> its id."""

        def work() -> tuple[str, dict[str, str]]:
            client = self._connect()
            there = client.images()
            wanted = ((name, _tagged(image.reference)) for name, image in self._table().items())
            ready = {name: there[reference] for name, reference in wanted if reference in there}
            return str(client.version().get("Version", "?")), ready

        return await self._call(work)

    async def facts(self) -> EngineFacts:
        if self._facts is None:
            self._facts = await self._call(self._ask_facts)
        return self._facts

    def _ask_facts(self) -> EngineFacts:
        client = self._connect()
        info = client.info()
        here = podman.is_podman(client.version())
        return EngineFacts(
            version=str(info.get("ServerVersion") or "?"),
            default_runtime=str(info.get("DefaultRuntime") or "runc"),
            runtimes=frozenset(info.get("Runtimes") or ()),
            seccomp_file=str(podman.write_seccomp(self._home)) if here else None,
        )

    async def image(self, profile: str) -> ProfileImage:
        """Raises InputError for an unknown profile."""
        table = await self._call(self._table)
        if profile not in table:
            raise InputError(f"no such sandbox profile: {profile[:80]!r}; there are {', '.join(sorted(table))}")
        return table[profile]

    # --- containers --------------------------------------------------------------------------------------------------

    async def acquire(
        self, profile: str, limits: Limits, *, tenant: str, runtime: str | None, owner: Owner, lease: str = ""
    ) -> Grant:
        """A started container that belongs to `owner`; nothing is left if this fails or is cancelled.

        Raises InputError for an unknown profile or runtime, SandboxUnavailableError with the remedy.
        """
        image = await self.image(profile)
        reference = image.reference
        facts = await self.facts()
        wanted = runtime or self._settings.runtime
        if wanted and facts.runtimes and wanted not in facts.runtimes:
            raise InputError(f"the engine has no runtime {wanted!r}; it has {', '.join(sorted(facts.runtimes))}")
        name = f"qlp-{uuid.uuid4().hex}"
        options = create_options(reference, _labels(owner, tenant, lease), limits, runtime=wanted)
        options["Cmd"] = [*image.python, *boot.COMMAND[1:]]
        if facts.seccomp_file:
            options = podman.adapted(options, facts.seccomp_file)

        abandoned = threading.Event()

        def make() -> Grant:
            client = self._connect()
            digest = client.image(reference)
            if digest is None:
                raise SandboxUnavailableError(
                    f"the image {reference} is not there; run: qlp sandbox build {profile}", profile=profile
                )
            client.create(name, options)
            connection = client.attach(name)
            try:
                client.start(name)
            except BaseException:
                connection.close()
                raise
            if abandoned.is_set():  # nobody waits for this thread any more
                connection.close()
                client.remove(name)
                raise SandboxUnavailableError("the container came too late")
            isolation = Isolation(
                backend="docker", runtime=wanted or facts.default_runtime, image=reference, image_digest=digest
            )
            return Grant(id=name, connection=connection, isolation=isolation)

        async def undo(grant: Grant) -> None:
            grant.connection.close()
            await self.remove(name)

        try:
            return await undone_if_cancelled(self._call(make), undo)
        except BaseException:
            abandoned.set()
            await to_the_end(self.remove(name))
            raise

    async def remove(self, name: str) -> bool:
        """Destroy one container. False if the engine cannot be asked: its labels tell the next reaper."""
        try:
            await self._call(lambda: self._connect().remove(name))
        except SandboxUnavailableError as error:
            log.warning("container %s was not removed, the reaper will try again: %s", name, error)
            return False
        return True

    async def explain(self, name: str) -> str:
        """Why a runner's stream ended."""
        try:
            await self._call(lambda: self._connect().version(), timeout_s=8)
        except SandboxUnavailableError as error:
            return error.detail
        return f"its container {name} was killed or ran out of memory"

    async def reap(self) -> int:
        """Remove containers whose owner is gone or whose deadline is past; how many there were."""
        register = self.register

        def sweep() -> int:
            client = self._connect()
            gone = 0
            for container in client.containers(OWNER_LABEL):
                labels = container["Labels"]
                foreign = labels.get("qlp.home") != register.home_id
                expired = _deadline(labels) < time.time()
                if expired or (not foreign and not register.alive(labels[OWNER_LABEL])):
                    client.remove(container["Id"])
                    gone += 1
            register.forget_dead()
            return gone

        return await self._call(sweep)

    def close(self) -> None:
        """Let go of the engine; containers are not touched."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        register, self._register = self._register, None
        if register:
            register.close()

    def _connect(self) -> Engine:
        if self._engine is None:
            self._engine = Engine(self._dial or dial_url(self.url), self.url)
        return self._engine

    async def _call(self, work: Callable[[], T], *, timeout_s: float = _CALL_S) -> T:
        """Blocking engine calls with a deadline; whatever goes wrong with the engine is SandboxUnavailableError."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except EngineRefusal as refusal:
            raise SandboxUnavailableError(f"the container engine refused: {refusal}") from refusal
        except (OSError, TimeoutError) as error:
            raise SandboxUnavailableError(f"the container engine failed: {error!r}; {engine.REMEDY}") from error


def profile_table(settings: SandboxSettings, home: Path) -> ProfileTable:
    """Every name that `acquire` takes: built-in profiles and their languages, added ones, those of the settings."""
    table: ProfileTable = {}
    for profile in (*IMAGE_PROFILES, *added_names(home)):
        # One broken record, or a profile that was added without an engine, is not the others' trouble.
        with contextlib.suppress(SandboxUnavailableError):
            image = ProfileImage(reference=images.image_ref(profile, home), python=profile_python(profile, home))
            table |= dict.fromkeys((profile, *languages(profile)), image)
    for name, reference in settings.images.items():
        table[name] = ProfileImage(reference=reference)
    return table


def _tagged(reference: str) -> str:
    return reference if "@" in reference or ":" in reference.rpartition("/")[2] else f"{reference}:latest"


def _labels(owner: Owner, tenant: str, lease: str) -> dict[str, str]:
    """Set before the container exists, so that there is no moment at which a reaper could not judge it."""
    return {
        OWNER_LABEL: owner.id,
        "qlp.home": owner.home_id,
        "qlp.tenant": hashlib.sha256(tenant.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        "qlp.lease": lease,
        "qlp.deadline": str(int(time.time() + MAX_LIFETIME_S)),
    }


def _deadline(labels: dict[str, str]) -> float:
    """A label that is no number is of nobody's making: taken as expired."""
    try:
        return float(labels.get("qlp.deadline", "inf"))
    except ValueError:
        return 0.0

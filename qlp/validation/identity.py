"""Which tools a verdict rests on: images, versions, our own checkers and rules. Another digest is another verdict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Protocol

from qlp import __version__
from qlp.models import Isolation
from qlp.sandbox.protocol import Sandbox, SandboxBackend
from qlp.validation.check import Toolchain
from qlp.validation.groups import Group
from qlp.validation.registry import origins

Versions = dict[str, str]
"""Tool -> version."""


class VersionMemory(Protocol):
    """Where the versions of an image's tools are kept, so that they are asked once an image."""

    async def versions(self, key: str) -> Versions | None: ...

    async def remember_versions(self, key: str, versions: Versions) -> None: ...


class ProcessMemory:
    """Implements `VersionMemory` for as long as the process lives. Images are few, so nothing is ever dropped."""

    def __init__(self) -> None:
        self._kept: dict[str, Versions] = {}

    async def versions(self, key: str) -> Versions | None:
        return self._kept.get(key)

    async def remember_versions(self, key: str, versions: Versions) -> None:
        self._kept[key] = versions


IN_PROCESS = ProcessMemory()


class Tools:
    """The tools of one validation, learnt from the sandboxes that it opens, or known before."""

    def __init__(self, backend: SandboxBackend, memory: VersionMemory = IN_PROCESS) -> None:
        self._backend = backend
        self._memory = memory
        self._images: dict[str, str] = {}
        """Profile -> image digest, empty where there is none."""
        self._versions: dict[str, Versions] = {}
        """Toolchain -> versions."""

    async def look_up(self, groups: Sequence[Group]) -> str | None:
        """The digest without opening a sandbox; None where something of it has never been seen."""
        status = await self._backend.probe()
        if not status.available or not status.images:
            return None
        images: dict[str, str] = {}
        versions: dict[str, Versions] = {}
        for group in groups:
            if not group.works:
                continue
            image = status.images.get(group.profile, "")
            images[group.profile] = image
            for planned in group.planned if image else ():
                known = await self._memory.versions(_key(image, planned.toolchain))
                if known is None:
                    return None
                versions[planned.toolchain.name] = known
        return _digest(groups, images, versions)

    def opened(self, profile: str, isolation: Isolation) -> None:
        self._images[profile] = isolation.image_digest

    def unavailable(self, profile: str) -> None:
        self._images.setdefault(profile, "")

    async def versions(self, sandbox: Sandbox, group: Group) -> Versions:
        """Of all tools of the group's toolchains; asked in the sandbox unless they are known for its image."""
        found: Versions = {}
        for planned in group.planned:
            toolchain = planned.toolchain
            key = _key(sandbox.isolation.image_digest, toolchain)
            known = await self._memory.versions(key)
            if known is None:
                result = await sandbox.run(toolchain.versions)
                lines = result.stdout.decode("utf-8", "replace").splitlines()
                known = {tool: version for tool, _, version in (line.partition(" ") for line in lines) if version}
                if result.ok:
                    await self._memory.remember_versions(key, known)
            self._versions[toolchain.name] = known
            found |= known
        return found

    def digest(self, groups: Sequence[Group]) -> str:
        """Of what was really used."""
        return _digest(groups, self._images, self._versions)


def _key(image: str, toolchain: Toolchain) -> str:
    text = json.dumps([image, toolchain.name, toolchain.versions.argv])
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(groups: Sequence[Group], images: dict[str, str], versions: dict[str, Versions]) -> str:
    record = {
        "code": code_digest(),
        "plug-ins": origins(),
        "groups": {
            g.profile: {
                "image": images.get(g.profile, ""),
                "main": g.main,
                "tools": {
                    p.toolchain.name: [versions.get(p.toolchain.name, {}), _support(p.toolchain)] for p in g.planned
                },
            }
            for g in groups
        },
    }
    return f"sha256:{hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()}"


def _support(toolchain: Toolchain) -> str:
    total = hashlib.sha256()
    for path, data in sorted(toolchain.support.items()):
        for part in (path.encode(), data):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return total.hexdigest()


@cache
def code_digest() -> str:
    """sha256 over this package: parsers and rules decide as much as the tools do."""
    total = hashlib.sha256(__version__.encode())
    _add(total.update, files("qlp.validation"), "")
    return total.hexdigest()


def _add(update: object, folder: Traversable, place: str) -> None:
    assert callable(update)
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        path = f"{place}/{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                _add(update, entry, path)
        elif not entry.name.endswith(".pyc"):
            update(path.encode() + b"\0" + hashlib.sha256(entry.read_bytes()).digest())

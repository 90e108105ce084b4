"""Profiles that an operator adds: a built-in one with dependencies, or any image with a runner of ours put in.

`add` makes them for every backend that works here and records them in `$QLP_HOME/sandbox/profiles/NAME.json`, where all
backends and the API find them by name.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qlp.config import SandboxSettings
from qlp.errors import InputError, NotFoundError, SandboxUnavailableError
from qlp.sandbox import debian, dependencies, engine, foreign, images, probe_backends, roots, toolchain
from qlp.sandbox.profiles import (
    DEPS,
    IMAGE_PROFILES,
    NODE_MODULES,
    NODE_MODULES_TARGET,
    AddedProfile,
    added,
    added_names,
    check_name,
    record_path,
)

if TYPE_CHECKING:
    from docker import DockerClient

_ENGINE_TIMEOUT_S = 900.0


async def add(
    file: Path,
    settings: SandboxSettings,
    home: Path,
    *,
    name: str | None = None,
    profile: str | None = None,
    how: dependencies.Fetch | None = None,
) -> AddedProfile:
    """A profile with the dependencies of a requirements.txt, package.json or go.mod. Replaces one of the same name.

    Raises InputError, SandboxUnavailableError with the package manager's output.
    """
    kind = dependencies.kind_of(file)
    text, folder = await asyncio.to_thread(_read, file)
    name = check_name(name or f"{folder.lower()}-{kind}")
    if profile not in (None, kind):
        raise InputError(f"{file.name} holds dependencies of the {kind} profile, not of {profile}")
    dependencies.plain(kind, text)
    how = how or dependencies.Fetch(hosts=settings.indexes)
    backends = await _backends(settings, home)
    if kind == "node":
        await toolchain.ensure("node", home)  # whose npm fetches
    client = await asyncio.to_thread(_engine, settings, home) if "docker" in backends else None
    try:
        if client:
            await images.build([kind], home, client)
        return await asyncio.to_thread(_add, kind, file, text, name, home, how, client, "bubblewrap" in backends)
    finally:
        if client:
            client.close()


def _read(file: Path) -> tuple[str, str]:
    """A file's text and its folder's name. Raises InputError."""
    try:
        return file.read_text("utf-8"), file.resolve().parent.name
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file}: {error}") from error


def _add(
    kind: dependencies.Kind, file: Path, text: str, name: str, home: Path, how: dependencies.Fetch,
    client: DockerClient | None, bubblewrap: bool,
) -> AddedProfile:  # fmt: skip
    trees = home / "toolchain"
    trees.mkdir(parents=True, exist_ok=True)
    with (
        toolchain.locked(trees / f".added-{name}.lock"),
        tempfile.TemporaryDirectory(dir=trees, prefix=".added-") as temp,
    ):
        made: dict[toolchain.Target, Path] = {}

        def tree_for(target: toolchain.Target) -> Path:
            # Packages depend on version and machine alone: the interpreters' paths are not in them.
            for other, tree in made.items():
                if (other.version, other.machine, other.cross) == (target.version, target.machine, target.cross):
                    return tree
            scratch = Path(temp) / str(len(made))
            scratch.mkdir()
            dependencies.fetch(kind, file, scratch / "tree", scratch, home, how, target)
            made[target] = scratch / "tree"
            return made[target]

        record = AddedProfile(name=name, kind=kind, base=kind, source=file.name, digest="", env=_environment(kind))
        for_image = tree_for(toolchain.image_target()) if client else None
        for_host = tree_for(_bubblewrap_target(kind, home)) if bubblewrap else for_image
        tree = for_host or tree_for(toolchain.host_target())
        digest = _digest(kind, text, *(_content(t) for t in made.values()))
        record = record.model_copy(update={"digest": digest, "holds": dependencies.holds(kind, tree)})
        if client and for_image:
            reference = f"qlp/added-{name}:{digest[:12]}"
            link = Path(temp) / "link"
            link.mkdir()
            (link / NODE_MODULES[1:]).symlink_to(NODE_MODULES_TARGET)
            lines = [f"FROM {images.image_ref(kind)}", f"LABEL qlp.profile={name}", f"COPY tree {DEPS}", "COPY link /"]
            images.docker_build(client, "\n".join(lines) + "\n", reference, {"tree": for_image, "link": link})
            record = record.model_copy(update={"image": reference})
        place = trees / f"added-{name}-{digest[:12]}"
        if not place.is_dir():
            tree.chmod(0o755)
            tree.rename(place)
        record = record.model_copy(update={"tree": str(place.relative_to(home))})
        _record(record, home, client)
    return record


def _environment(kind: dependencies.Kind) -> dict[str, str]:
    if kind == "python":
        return {"PYTHONPATH": f"{DEPS}/python"}
    return {"GOMODCACHE": f"{DEPS}/mod"} if kind == "go" else {}


def _bubblewrap_target(kind: str, home: Path) -> toolchain.Target:
    """The Python that a bubblewrap sandbox of the base will have."""
    return toolchain.image_target() if roots.image_root(kind, home) else toolchain.host_target()


async def add_image(image: str, name: str, settings: SandboxSettings, home: Path) -> AddedProfile:
    """A profile from any image of the engine: ours is the Python that runs process 1, all else is the image's.

    Raises InputError, SandboxUnavailableError.
    """
    check_name(name)
    backends = await _backends(settings, home)
    if "docker" not in backends:
        raise SandboxUnavailableError(f"an image needs a container engine that has it; {engine.REMEDY}")
    client = await asyncio.to_thread(_engine, settings, home)
    try:
        await images.build(["python"], home, client)
        record = await asyncio.to_thread(foreign.derive, client, image, name, home, "bubblewrap" in backends)
        await asyncio.to_thread(_record, record, home, client)
        return record
    finally:
        client.close()


def profiles(home: Path) -> tuple[AddedProfile, ...]:
    """Every added profile. Raises SandboxUnavailableError for a broken record."""
    return tuple(found for found in (added(name, home) for name in added_names(home)) if found)


async def remove(name: str, settings: SandboxSettings, home: Path) -> None:
    """Forget a profile, its image and its folder. Raises NotFoundError.

    Containers that are open go on; bubblewrap sandboxes that are open lose the dependencies.
    """
    record = added(name, home) if name not in IMAGE_PROFILES else None
    if record is None:
        raise NotFoundError(f"no added profile {name!r}; there are: {', '.join(added_names(home)) or 'none'}")
    record_path(name, home).unlink(missing_ok=True)
    if record.tree:
        await asyncio.to_thread(shutil.rmtree, home / record.tree, True)
    if record.image:
        with contextlib.suppress(SandboxUnavailableError):  # no engine any more, no image
            client = await asyncio.to_thread(_engine, settings, home)
            try:
                await asyncio.to_thread(_remove_image, client, record.image)
            finally:
                client.close()


def _remove_image(client: DockerClient, reference: str) -> None:
    """Raises SandboxUnavailableError. An image that a sandbox still runs from stays until the next time."""
    from docker.errors import APIError

    try:
        client.api.remove_image(reference, force=True)
    except APIError as error:
        if error.status_code not in (404, 409):
            raise SandboxUnavailableError(f"the engine did not remove {reference}: {error}") from error


async def _backends(settings: SandboxSettings, home: Path) -> Sequence[str]:
    statuses = await probe_backends(settings, home)
    working = [s.name for s in statuses if s.available]
    if not working:
        raise SandboxUnavailableError("; ".join(f"{s.name}: {s.detail} ({s.remedy})" for s in statuses))
    return working


def _engine(settings: SandboxSettings, home: Path) -> DockerClient:
    return engine.connect(engine.engine_url(settings, home), timeout_s=_ENGINE_TIMEOUT_S)


def _record(record: AddedProfile, home: Path, client: DockerClient | None) -> None:
    """Written beside and renamed, so that a reader sees the old one or the new one; what the old one named goes."""
    before = added(record.name, home)
    file = record_path(record.name, home)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(record.model_dump_json(indent=2) + "\n", "utf-8")
    draft.replace(file)
    if before and before.tree and before.tree != record.tree:
        shutil.rmtree(home / before.tree, ignore_errors=True)
    if before and before.image and before.image != record.image and client:
        _remove_image(client, before.image)


def _digest(kind: dependencies.Kind, *parts: str) -> str:
    recipe = debian.recipe(kind).text
    pins = toolchain.pins_digest(kind)
    return hashlib.sha256("\0".join((recipe, pins, *parts)).encode()).hexdigest()


def _content(tree: Path) -> str:
    """sha256 over names, modes, links and bytes of a folder."""
    digest = hashlib.sha256()
    for path in sorted(tree.rglob("*")):
        digest.update(f"{path.relative_to(tree)}\0{path.lstat().st_mode & 0o777}\0".encode())
        if path.is_symlink():
            digest.update(os.readlink(path).encode())
        elif path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()

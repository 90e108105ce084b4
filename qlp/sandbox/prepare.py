"""Builds what sandboxes need before they can start: images for an engine, toolchains and roots for bubblewrap."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from qlp.config import SandboxSettings
from qlp.errors import InputError, SandboxUnavailableError
from qlp.sandbox import debian, engine, images, probe_backends, roots, toolchain
from qlp.sandbox.profiles import DEFAULT_PROFILES, IMAGE_PROFILES

_BUILD_TIMEOUT_S = 900.0


async def prepare(
    settings: SandboxSettings,
    home: Path,
    profiles: Sequence[str] = (),
    *,
    every: bool = False,
    all_profiles: bool = False,
) -> dict[str, str]:
    """Build `profiles` (python, node, go and analysis by default) for the best backend here, or for `every` one.

    Returns `backend/profile` -> what. `all_profiles` means every built-in profile. What is there already is left alone.
    The network is used only here. Raises InputError for an unknown profile and SandboxUnavailableError with the remedy.
    """
    if unknown := set(profiles) - set(IMAGE_PROFILES):
        raise InputError(f"no such profile: {', '.join(sorted(unknown))}; there are {', '.join(IMAGE_PROFILES)}")
    asked = profiles or (IMAGE_PROFILES if all_profiles else DEFAULT_PROFILES)
    wanted = [p for p in IMAGE_PROFILES if p in asked]
    statuses = await probe_backends(settings, home)
    working = [s.name for s in statuses if s.available]
    if not working:
        raise SandboxUnavailableError("; ".join(f"{s.name}: {s.detail} ({s.remedy})" for s in statuses))
    chosen = working if every else working[:1]
    built: dict[str, str] = {}
    if "docker" in chosen:
        client = engine.connect(engine.engine_url(settings, home), timeout_s=_BUILD_TIMEOUT_S)
        unpack = [p for p in wanted if _wants_rootfs(p)] if "bubblewrap" in chosen else []
        try:
            built |= {
                f"docker/{p}": what for p, what in (await images.build(wanted, home, client, unpack=unpack)).items()
            }
        finally:
            client.close()
    if "bubblewrap" in chosen:
        for profile in wanted:
            built[f"bubblewrap/{profile}"] = await _prepare_bubblewrap(profile, home)
    return built


def _wants_rootfs(profile: str) -> bool:
    """An unpacked root has what the host's programs lack: headers and libraries that are compiled already."""
    return profile not in toolchain.TOOLCHAINS and bool(shutil.which("mmdebstrap"))


async def _prepare_bubblewrap(profile: str, home: Path) -> str:
    if profile in toolchain.TOOLCHAINS:
        return str(await toolchain.ensure(profile, home))
    if _wants_rootfs(profile):
        return str(await asyncio.to_thread(debian.ensure_rootfs, debian.recipe(profile), home))
    try:
        return (await asyncio.to_thread(roots.host_root, profile, home)).image
    except SandboxUnavailableError as error:
        raise SandboxUnavailableError(
            f"{profile}: its programs are not on this machine, and unpacking a root file system needs mmdebstrap: "
            "apt-get install mmdebstrap"
        ) from error

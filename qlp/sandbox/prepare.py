"""Builds what sandboxes need before they can start: images for an engine, toolchains for bubblewrap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qlp.config import SandboxSettings
from qlp.errors import InputError, SandboxUnavailableError
from qlp.sandbox import engine, images, probe_backends, toolchain
from qlp.sandbox.profiles import IMAGE_PROFILES, ImageProfile

_BUILD_TIMEOUT_S = 600.0


async def prepare(
    settings: SandboxSettings, home: Path, profiles: Sequence[str] = (), *, every: bool = False
) -> dict[str, str]:
    """Build `profiles` (all by default) for the best backend here, or for `every` one; `backend/profile` -> what.

    What is there already is left alone. The network is used only here. Raises InputError for an unknown profile and
    SandboxUnavailableError with the remedy.
    """
    wanted: list[ImageProfile] = [p for p in IMAGE_PROFILES if not profiles or p in profiles]
    if unknown := set(profiles) - set(IMAGE_PROFILES):
        raise InputError(f"no such profile: {', '.join(sorted(unknown))}; there are {', '.join(IMAGE_PROFILES)}")
    statuses = await probe_backends(settings, home)
    working = [s.name for s in statuses if s.available]
    if not working:
        raise SandboxUnavailableError("; ".join(f"{s.name}: {s.detail} ({s.remedy})" for s in statuses))
    built: dict[str, str] = {}
    for backend in working if every else working[:1]:
        if backend == "docker":
            client = engine.connect(engine.engine_url(settings, home), timeout_s=_BUILD_TIMEOUT_S)
            try:
                built |= {f"docker/{p}": what for p, what in (await images.build(wanted, home, client)).items()}
            finally:
                client.close()
        else:
            for profile in wanted:
                if profile != "go":  # bubblewrap takes the host's own Go, which needs no preparation
                    built[f"{backend}/{profile}"] = str(await toolchain.ensure(profile, home))
    return built

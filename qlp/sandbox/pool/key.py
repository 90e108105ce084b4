"""Which works may share a kind of sandbox: those for which it would be opened in the same way."""

from __future__ import annotations

from collections.abc import Callable

from qlp.config import SandboxSettings
from qlp.errors import InputError
from qlp.models._base import Frozen
from qlp.sandbox.protocol import Limits

_WALL_S = 4 * 3600.0
_OUTPUT_BYTES = 1_048_576
_CEILINGS = ("memory_mb", "pids", "cpus", "disk_mb")


class Key(Frozen):
    """How a sandbox of the pool is opened. Wall clock and output caps are not in it: they are narrowed per job."""

    profile: str
    limits: Limits
    runtime: str | None = None


def key_of(profile: str, limits: Limits, runtime: str | None, settings: SandboxSettings) -> Key:
    """`profile` is the image profile, not a language. Raises InputError for limits over the platform's ceilings or a
    runtime that it does not offer."""
    for name in _CEILINGS:
        asked, ceiling = getattr(limits, name), getattr(settings, name)
        if not 0 < asked <= ceiling:
            raise InputError(f"{name} must be above 0 and at most {ceiling:g} here, not {asked:g}", limit=name)
    if limits.wall_s <= 0 or limits.output_bytes < 0 or limits.inodes <= 0 or limits.file_mb <= 0:
        raise InputError("limits must be above 0")
    if runtime is not None and runtime != settings.runtime and runtime not in settings.runtimes:
        raise InputError(f"there is no runtime {runtime!r} here; there are: {', '.join(settings.runtimes)}")
    opened = limits.model_copy(update={"wall_s": _WALL_S, "output_bytes": max(limits.output_bytes, _OUTPUT_BYTES)})
    return Key(profile=profile, limits=opened, runtime=None if runtime == settings.runtime else runtime)


def targets(settings: SandboxSettings, profile_of: Callable[[str], str]) -> dict[Key, int]:
    """How many are kept ready. A name that does not exist is found out when one is made."""
    found: dict[Key, int] = {}
    for name, count in settings.warm.items():
        try:
            profile = profile_of(name)
        except InputError:
            profile = name
        if count > 0:
            key = standard_key(profile, settings)
            found[key] = found.get(key, 0) + count
    return found


def standard_key(profile: str, settings: SandboxSettings) -> Key:
    """Of a caller that asks for nothing special: what the pool keeps warm."""
    default = Limits()
    limits = Limits(
        memory_mb=settings.memory_mb,
        pids=settings.pids,
        cpus=settings.cpus,
        disk_mb=min(default.disk_mb, settings.disk_mb),
    )
    return key_of(profile, limits, None, settings)

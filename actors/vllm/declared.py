"""Which model a name means: `NAME`, or `NAME@ADAPTER`."""

from __future__ import annotations

import hashlib
import re

from qlp.config import VllmModelSettings, VllmSettings
from qlp.errors import ProviderError

APP_PREFIX = "vllm-"
DEPLOYMENT = "model"


def declared(settings: VllmSettings, model: str) -> tuple[str, VllmModelSettings]:
    """Name and settings. Raises ProviderError with reason `not_found`."""
    name, _, adapter = model.partition("@")
    found = settings.models.get(name)
    if found is None:
        known = ", ".join(served(settings)) or "none"
        raise ProviderError(f"vllm.models has no {name!r}; declared: {known}", reason="not_found")
    if adapter and adapter not in found.adapters:
        known = ", ".join(sorted(found.adapters)) or "none"
        raise ProviderError(f"model {name!r} has no adapter {adapter!r}; declared: {known}", reason="not_found")
    return name, found


def served(settings: VllmSettings) -> tuple[str, ...]:
    """Every name that can be asked, adapters included."""
    return tuple(
        served_name
        for name, model in settings.models.items()
        for served_name in (name, *(f"{name}@{adapter}" for adapter in model.adapters))
    )


def app_name(name: str) -> str:
    """Of the Serve application: hub ids hold characters that must not be in it, and two names must not meet."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")[:40]
    return f"{APP_PREFIX}{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"

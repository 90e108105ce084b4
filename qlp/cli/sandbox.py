"""`qlp sandbox build`"""

from __future__ import annotations

import asyncio

from qlp.config import Settings
from qlp.sandbox import prepare


def build(profiles: list[str]) -> dict[str, str]:
    """Profile -> image reference or toolchain folder. Raises SandboxUnavailableError with the remedy."""
    settings = Settings()
    return asyncio.run(prepare(settings.sandbox, settings.home, profiles))

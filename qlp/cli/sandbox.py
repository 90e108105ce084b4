"""`qlp sandbox build`"""

from __future__ import annotations

import asyncio

from qlp.cli.screen import err, out, print_json
from qlp.config import Settings
from qlp.sandbox.prepare import prepare


def build(profiles: list[str], *, every: bool, as_json: bool) -> None:
    """Raises SandboxUnavailableError with the remedy."""
    settings = Settings()
    err().print("preparing sandboxes (a first build takes one to three minutes; what is there is reused)")
    built = asyncio.run(prepare(settings.sandbox, settings.home, profiles, every=every))
    if as_json:
        print_json(built)
        return
    for name, what in built.items():
        out().print(f"{name:<20} {what}", markup=False)

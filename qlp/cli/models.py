"""`qlp models`: what can generate here."""

from __future__ import annotations

import asyncio

from qlp.blueprints.registry import blueprints
from qlp.cli.screen import out, print_json
from qlp.config import Settings
from qlp.pipeline.models import Models


def list_models(*, as_json: bool) -> None:
    listing = asyncio.run(Models(Settings()).listing())
    endpoint, names = listing.url, listing.models
    if as_json:
        print_json(
            {
                "blueprints": [
                    {"name": b.name, "version": b.version, "title": b.title, "example": b.example} for b in blueprints()
                ],
                "endpoint": endpoint,
                "models": names,
            }
        )
        return
    screen = out()
    screen.print("t0, no model needed:")
    for blueprint in blueprints():
        screen.print(f"  {blueprint.name:<16} {blueprint.title}", markup=False)
        screen.print(f"  {'':<16} e.g. {blueprint.example}", markup=False)
    if endpoint is None:
        screen.print("t1, t2: no model configured (OPENAI_API_KEY, QLP_MODELS__BASE_URL, or Ollama on localhost:11434)")
        return
    screen.print(f"t1, t2: {endpoint}", markup=False)
    for name in names:
        screen.print(f"  {name}", markup=False)

"""`qlp doctor`: which parts are real here, and how to get the rest."""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import Literal

from qlp.cli import exit_codes
from qlp.cli.screen import out, print_json
from qlp.config import Settings
from qlp.errors import QLPError
from qlp.models._base import Frozen
from qlp.pipeline.models import Models
from qlp.sandbox import probe_backends, probe_daemon
from qlp.store.reader import StoredRuns

_LOW_DISK = 2 << 30


class Part(Frozen):
    name: str
    state: Literal["ready", "missing", "broken"]
    detail: str
    remedy: str = ""


def examine(*, as_json: bool) -> int:
    """Exit 0 if a request can be built and verified here."""
    parts = asyncio.run(_parts(Settings()))
    usable = any(p.name.startswith("sandbox") and p.state == "ready" for p in parts) and not any(
        p.state == "broken" for p in parts
    )
    if as_json:
        print_json({"usable": usable, "parts": [p.model_dump() for p in parts]})
    else:
        for part in parts:
            out().print(f"{part.name:<20} {part.state:<8} {part.detail}", markup=False)
            if part.remedy:
                out().print(f"{'':<20} get it: {part.remedy}", markup=False)
        out().print("ready" if usable else "not ready: see above")
    return exit_codes.VERIFIED if usable else exit_codes.FAILED


def examine_sandbox(*, as_json: bool) -> int:
    """Exit 0 if some isolation works here, whether or not its images are built."""
    settings = Settings()
    found = asyncio.run(probe_backends(settings.sandbox, settings.home))
    if as_json:
        print_json([s.model_dump() for s in found])
    else:
        for status in found:
            out().print(
                f"{status.name:<12} {'works' if status.available else 'missing':<8} {status.detail}", markup=False
            )
    return exit_codes.VERIFIED if any(s.available for s in found) else exit_codes.FAILED


async def _parts(settings: Settings) -> list[Part]:
    return [
        *await _sandboxes(settings),
        Part(name="generator t0", state="ready", detail="built-in blueprints (`qlp models` lists them)"),
        await _models(settings),
        await _store(settings),
        _disk(settings),
    ]


async def _sandboxes(settings: Settings) -> list[Part]:
    daemon = await probe_daemon(settings.sandbox, settings.home)
    return [
        Part(
            name=f"sandbox {status.name}",
            state="ready" if status.available and status.profiles else "missing",
            detail=f"{status.detail}; {', '.join(status.profiles) or 'no profile is built'}",
            remedy=status.remedy,
        )
        for status in ([daemon] if daemon else []) + await probe_backends(settings.sandbox, settings.home)
    ]


async def _models(settings: Settings) -> Part:
    try:
        listing = await Models(settings).listing()
    except QLPError as error:
        return Part(name="models t1, t2", state="broken", detail=error.detail, remedy="check the endpoint and its key")
    if listing.url is None:
        return Part(
            name="models t1, t2",
            state="missing",
            detail="no model is configured",
            remedy="set OPENAI_API_KEY, or QLP_MODELS__BASE_URL for any OpenAI-compatible endpoint, or start Ollama",
        )
    return Part(
        name="models t1, t2",
        state="ready",
        detail=f"{listing.url}: {', '.join(listing.models[:5]) or 'no model listed'}",
    )


async def _store(settings: Settings) -> Part:
    if not os.access(_existing(settings), os.W_OK):
        return Part(
            name="store",
            state="broken",
            detail=f"{settings.home} cannot be written",
            remedy="set QLP_HOME to a folder of yours",
        )
    try:
        runs = await StoredRuns(settings.home).list(limit=1)
    except QLPError as error:
        return Part(name="store", state="broken", detail=error.detail)
    newest = f"newest run {runs[0].id}" if runs else "no run yet"
    return Part(name="store", state="ready", detail=f"SQLite in {settings.home}; {newest}")


def _existing(settings: Settings) -> str:
    path = settings.home
    while not path.exists():
        path = path.parent
    return str(path)


def _disk(settings: Settings) -> Part:
    free = shutil.disk_usage(_existing(settings)).free
    state: Literal["ready", "broken"] = "ready" if free > _LOW_DISK else "broken"
    remedy = "" if state == "ready" else "free some space, or set QLP_HOME to another disk"
    return Part(name="disk", state=state, detail=f"{free / (1 << 30):.1f} GiB free at {settings.home}", remedy=remedy)

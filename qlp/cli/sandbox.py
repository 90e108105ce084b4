"""`qlp sandbox build` and `qlp sandbox image add|ls|rm`"""

from __future__ import annotations

import asyncio
from pathlib import Path

from qlp.cli.screen import err, out, print_json
from qlp.config import Settings
from qlp.errors import InputError
from qlp.sandbox.prepare import prepare


def build(profiles: list[str], *, every: bool, as_json: bool, all_profiles: bool = False) -> None:
    """Raises SandboxUnavailableError with the remedy."""
    settings = Settings()
    err().print("preparing sandboxes (a first build takes one to three minutes; what is there is reused)")
    built = asyncio.run(prepare(settings.sandbox, settings.home, profiles, every=every, all_profiles=all_profiles))
    if as_json:
        print_json(built)
        return
    for name, what in built.items():
        out().print(f"{name:<20} {what}", markup=False)


def add(
    file: Path | None,
    *,
    name: str | None,
    profile: str | None,
    from_image: str | None,
    index: str,
    user_config: bool,
    allow: tuple[str, ...],
    wheels: Path | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Raises InputError, SandboxUnavailableError."""
    from qlp.sandbox import added, dependencies

    settings = Settings()
    if (file is None) == (from_image is None):
        raise InputError("give a requirements.txt, package.json or go.mod, or --from-image IMAGE")
    if from_image is not None:
        if not name:
            raise InputError("--from-image needs --name NAME")
        record = asyncio.run(added.add_image(from_image, name, settings.sandbox, settings.home))
    else:
        assert file is not None
        how = dependencies.Fetch(
            hosts=(*settings.sandbox.indexes, *allow),
            index=index,
            user_config=user_config,
            wheels=wheels,
            offline=offline,
        )
        err().print(f"fetching the dependencies of {file} (no code of theirs runs on this machine)")
        coroutine = added.add(file, settings.sandbox, settings.home, name=name, profile=profile, how=how)
        record = asyncio.run(coroutine)
    if as_json:
        print_json(record.model_dump(mode="json"))
        return
    out().print(f"profile {record.name}: {record.source}, {len(record.holds)} packages", markup=False)
    for line in record.holds:
        out().print(f"  {line}", markup=False)


def ls(*, as_json: bool) -> None:
    from qlp.sandbox import added

    records = added.profiles(Settings().home)
    if as_json:
        print_json([record.model_dump(mode="json") for record in records])
        return
    for record in records:
        what = record.base or "image"
        out().print(f"{record.name:<24} {what:<8} {record.source:<24} {record.image or record.tree}", markup=False)


def rm(name: str, *, as_json: bool) -> None:
    """Raises NotFoundError."""
    from qlp.sandbox import added

    settings = Settings()
    asyncio.run(added.remove(name, settings.sandbox, settings.home))
    if as_json:
        print_json({"removed": name})

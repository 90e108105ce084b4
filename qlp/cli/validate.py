"""`qlp validate PATH`: the six stages over a file or a folder, in the sandbox of this machine."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from qlp.cli import exit_codes
from qlp.cli.screen import err, print_json
from qlp.cli.validate_screen import show_verdict, stage_line
from qlp.config import Settings
from qlp.errors import InputError
from qlp.models import STAGES, SourceFile, Stage, StageResult
from qlp.models.plan import CommandPurpose
from qlp.sandbox import open_backend
from qlp.validation.intake import Origin, ValidateJob
from qlp.validation.intake.folder import read_folder, read_named
from qlp.validation.intake.job import language_of
from qlp.validation.intake.tree import Tree
from qlp.validation.policy import load_policy
from qlp.validation.reports import junit, sarif

if TYPE_CHECKING:
    from qlp.validation.asked import Review
    from qlp.validation.outcome import Validation

_PURPOSES: dict[str, CommandPurpose] = {
    "install": "install", "build": "build", "test": "test", "start": "start", "run": "run",
}  # fmt: skip
_CONFIGURATION = (
    "pyproject.toml", "ruff.toml", ".ruff.toml", "mypy.ini", "setup.cfg", "eslint.config.mjs", "eslint.config.js",
    "tsconfig.json", "package.json", "go.mod", ".rubocop.yml", ".yamllint", ".sqlfluff", ".stylelintrc.json",
)  # fmt: skip
"""Go along with changed files: without them the tools would judge by other rules than the project's."""
_EXIT = {"accept": exit_codes.VERIFIED, "reject": exit_codes.FAILED, "unverified": exit_codes.UNVERIFIED}


class Wishes(TypedDict):
    """The options of `qlp validate`."""

    policy: str | None
    language: str | None
    profile: str | None
    command: Sequence[str]
    """`test=...` and so on."""
    stages: str | None
    """With commas between them."""
    port: int | None
    cache: bool
    opinions: bool
    requirements: Path | None
    sarif: Path | None
    junit: Path | None


def validate_paths(paths: Sequence[Path], wishes: Wishes, *, changed_only: bool, as_json: bool) -> int:
    """Exit code: 0 verified, 1 failed, 3 unverified. Raises QLPError."""
    settings = Settings()
    tree, root = _read(paths, settings, changed_only=changed_only)
    files = tree.files("")
    if not as_json:
        for left in tree.left_out:
            err().print(f"left out: {left}", markup=False)
    validation = asyncio.run(_validate(_job(wishes), settings, files, tree, wishes, quiet=as_json))
    if wishes["sarif"] is not None:
        document = sarif(validation, files, prefix=_prefix(root))
        _write(wishes["sarif"], json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    if wishes["junit"] is not None:
        _write(wishes["junit"], junit(validation))
    if as_json:
        print_json(validation.model_dump(mode="json", exclude={"report"}))
    else:
        show_verdict(validation)
    return _EXIT[validation.decision]


def _read(paths: Sequence[Path], settings: Settings, *, changed_only: bool) -> tuple[Tree, Path]:
    """One file or folder; or, as pre-commit names them, only the changed files below the working folder."""
    if changed_only:
        rules = [file for name in _CONFIGURATION if (file := Path.cwd() / name).is_file()]
        return read_named([*paths, *rules], Path.cwd(), settings.validation), Path.cwd()
    if len(paths) != 1:
        raise InputError("name one file or folder; several files go with --changed-only")
    tree = read_folder(paths[0], settings.validation)
    return tree, paths[0] if paths[0].is_dir() else paths[0].parent


def _job(wishes: Wishes) -> ValidateJob:
    stages: list[Stage] = []
    for word in (wishes["stages"] or "").split(","):
        if word.strip():
            found = next((s for s in STAGES if s == word.strip()), None)
            if found is None:
                raise InputError(f"there is no stage {word.strip()!r}; there are {', '.join(STAGES)}")
            stages.append(found)
    return ValidateJob(
        code="",  # the files are given; a job has to name a source
        path="unused",
        language=language_of(wishes["language"]) if wishes["language"] else None,
        profile=wishes["profile"],
        commands=dict(_command(text) for text in wishes["command"]),
        stages=tuple(stages) or None,
        port=wishes["port"],
        cache=wishes["cache"],
        opinions=wishes["opinions"],
        requirements=_text(wishes["requirements"]) if wishes["requirements"] else "",
    )


def _command(text: str) -> tuple[CommandPurpose, tuple[str, ...]]:
    name, sign, line = text.partition("=")
    try:
        argv = tuple(shlex.split(line))
    except ValueError as error:
        raise InputError(f"--command {name}: {error}") from error
    if not sign or name not in _PURPOSES or not argv:
        raise InputError(f'--command is PURPOSE="...", with one of {", ".join(_PURPOSES)}; {text!r} is none')
    return _PURPOSES[name], argv


async def _validate(
    job: ValidateJob,
    settings: Settings,
    files: tuple[SourceFile, ...],
    tree: Tree,
    wishes: Wishes,
    *,
    quiet: bool,
) -> Validation:
    from qlp.validation.asked import validate_asked
    from qlp.validation.verdict_store import open_verdict_cache

    policy = load_policy(wishes["policy"] or settings.validation.policy, settings.home)
    backend = await open_backend(settings.sandbox, settings.home)

    async def told(stage: StageResult) -> None:
        if not quiet:
            err().print(stage_line(stage), markup=False)

    return await validate_asked(
        job,
        backend,
        settings,
        given=(files, Origin(kind="folder", files=len(files), left_out=tree.left_out)),
        policy=policy,
        on_stage=told,
        cache=open_verdict_cache(settings) if job.cache else None,
        review=_review(settings, backend) if job.opinions else None,
    )


def _review(settings: Settings, backend: object) -> Review:
    from qlp.pipeline.model_stack import ModelStack
    from qlp.store import Database, sqlite_url
    from qlp.store.schema import create_all
    from qlp.validation.opinions import ModelReview

    database = Database(sqlite_url(settings.home))
    create_all(database)
    return ModelReview(backend, ModelStack(settings, database), settings)  # type: ignore[arg-type]


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error


def _prefix(root: Path) -> str:
    """The project's folder as the working folder's repository sees it: code scanning wants paths from there."""
    inside = os.path.relpath(root.resolve(), Path.cwd().resolve())
    return "" if inside == "." or inside.startswith("..") else Path(inside).as_posix() + "/"


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error

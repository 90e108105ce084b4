"""`qlp validate PATH`: the six stages over a file or a folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

from qlp.cli import exit_codes
from qlp.cli.execute import as_language
from qlp.cli.progress import facts_line
from qlp.cli.screen import err, out, print_json
from qlp.config import Settings
from qlp.errors import InputError, RequestTooLargeError
from qlp.models import SourceFile, StageResult, Verdict
from qlp.pipeline.decide import decide
from qlp.sandbox import open_backend
from qlp.validation import infer_contract, validate_project

_SKIP = {".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", "dist"}
_MAX_FILES = 2000
_MAX_BYTES = 20_000_000


def validate_path(path: Path, language: str | None, *, as_json: bool) -> int:
    files = read_project(path)
    verdict = asyncio.run(_validate(files, language, quiet=as_json))
    if as_json:
        print_json(verdict.model_dump(mode="json"))
    else:
        _show(verdict)
    return {"accept": exit_codes.VERIFIED, "unverified": exit_codes.UNVERIFIED, "reject": exit_codes.FAILED}[
        decide(verdict)
    ]


def read_project(path: Path) -> tuple[SourceFile, ...]:
    """Text files below `path`; binary files are left out, links are not followed. Raises InputError."""
    if path.is_file():
        chosen, root = [path], path.parent
    elif path.is_dir():
        root = path
        chosen = [p for p in sorted(path.rglob("*")) if p.is_file() and not p.is_symlink() and not _SKIP & set(p.parts)]
    else:
        raise InputError(f"{path} is neither a file nor a folder")
    if len(chosen) > _MAX_FILES or sum(p.stat().st_size for p in chosen) > _MAX_BYTES:
        raise RequestTooLargeError(f"{path} holds more than {_MAX_FILES} files or {_MAX_BYTES // 1_000_000} MB")
    files = []
    for file in chosen:
        try:
            files.append(SourceFile(path=file.relative_to(root).as_posix(), content=file.read_bytes().decode("utf-8")))
        except UnicodeDecodeError:
            err().print(f"left out (not UTF-8 text): {file}", markup=False)
    if not files:
        raise InputError(f"{path} holds no text file")
    return tuple(files)


async def _validate(files: tuple[SourceFile, ...], language: str | None, *, quiet: bool) -> Verdict:
    settings = Settings()
    contract = infer_contract(files, as_language(language))
    backend = await open_backend(settings.sandbox, settings.home)

    async def told(stage: StageResult) -> None:
        if not quiet:
            err().print(f"  {stage.stage:<10} {stage.status:<8} {stage.wall_s:6.1f} s", markup=False)

    return await validate_project(files, contract, backend, on_stage=told)


def _show(verdict: Verdict) -> None:
    screen = out()
    for stage in verdict.stages:
        said = facts_line(stage.facts, stage.reason, len(stage.findings))
        screen.print(f"{stage.stage:<10} {stage.status:<8} {said}", markup=False)
        for finding in stage.findings[:20]:
            at = f"{finding.file or ''}:{finding.line or ''}".strip(":")
            screen.print(f"    {finding.severity:<8} {finding.rule:<16} {at} {finding.message}", markup=False)
    screen.print("verified" if verdict.verified else "not verified")

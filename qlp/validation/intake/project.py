"""From what was asked to files and a contract."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from qlp.config import ValidationSettings
from qlp.errors import InputError
from qlp.models import InterfaceContract, ProjectCommand, ProjectLanguage, SourceFile
from qlp.models._base import Frozen
from qlp.sandbox.execution import bytes_of, from_base64
from qlp.validation.inferred import infer_contract
from qlp.validation.intake.archive import read_archive
from qlp.validation.intake.git import fetch_git
from qlp.validation.intake.job import Kind, ValidateJob
from qlp.validation.intake.tree import Tree

_SNIPPETS: dict[ProjectLanguage, str] = {
    "python": "main.py", "javascript": "main.mjs", "typescript": "main.ts", "go": "main.go", "java": "Main.java",
    "rust": "main.rs", "c": "main.c", "c++": "main.cpp", "c#": "Program.cs", "ruby": "main.rb", "php": "main.php",
    "perl": "main.pl", "lua": "main.lua", "bash": "main.sh", "sql": "main.sql", "html": "index.html",
    "css": "style.css", "terraform": "main.tf", "yaml": "main.yaml", "dockerfile": "Dockerfile",
}  # fmt: skip


class Origin(Frozen):
    """Where the validated files come from."""

    kind: Kind
    url: str = ""
    ref: str = ""
    commit: str = ""
    files: int = 0
    left_out: tuple[str, ...] = ()
    """Files that were there and were not validated, and why: links, submodules, impossible names."""


async def files_of(job: ValidateJob, settings: ValidationSettings) -> tuple[tuple[SourceFile, ...], Origin]:
    """Raises InputError, RequestTooLargeError, DeadlineExceededError. May use the network, for `git`."""
    if job.git is not None:
        tree, fetched = await fetch_git(job.git.url, job.git.ref, settings)
        files = tree.files(job.root or "")
        about = Origin(kind="git", url=fetched.url, ref=fetched.ref, commit=fetched.commit, left_out=tree.left_out)
        return files, about.model_copy(update={"files": len(files)})
    if job.archive is not None:
        data = from_base64(job.archive.base64)
        tree = await asyncio.to_thread(read_archive, data, settings, job.archive.format)
        files = tree.files(job.root)
        return files, Origin(kind="archive", files=len(files), left_out=tree.left_out)
    tree = Tree(settings, named=True)
    if job.code is not None:
        tree.add(job.path or _snippet_name(job), bytes_of(job.code, "code"))
        return tree.files(""), Origin(kind="snippet", files=1)
    for path, content in (job.files or {}).items():
        executable = not isinstance(content, str) and content.executable
        tree.add(path, bytes_of(content, path), executable=executable)
    files = tree.files("")
    return files, Origin(kind="files", files=len(files))


def _snippet_name(job: ValidateJob) -> str:
    if job.language is None or job.language not in _SNIPPETS:
        raise InputError("`code` needs `language`, or `path` for the file's name")
    return _SNIPPETS[job.language]


def contract_of(job: ValidateJob, files: Sequence[SourceFile]) -> InterfaceContract:
    """Guessed from the files; profile and commands as asked. Raises InputError."""
    language = job.language or ("other" if job.profile else None)
    contract = infer_contract(files, language)
    if not (job.profile or job.commands or job.port):
        return contract
    asked = tuple(ProjectCommand(purpose=purpose, argv=argv) for purpose, argv in job.commands.items())
    guessed = tuple(c for c in contract.commands if c.purpose not in job.commands and not job.profile)
    return contract.model_copy(
        update={
            "profile": job.profile or contract.profile,
            "commands": guessed + asked,
            "port": job.port or contract.port,
        }
    )

"""What can be asked of /v1/validate, in Python's own types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from qlp.client.programs import Data, content, files_body

PATIENCE_S = 1800.0
"""As long as the server itself: the queue, and every stage's budget, seconds."""


class ValidateOptions(TypedDict, total=False):
    """Options of `validate`; docs/validate-api.md says what each means."""

    policy: str
    language: str
    profile: str
    commands: Mapping[str, Sequence[str]]
    port: int
    stages: Sequence[str]
    root: str
    public: bool
    cache: bool
    opinions: bool
    requirements: str


def validate_body(
    source: str | Path | Mapping[str, Data] | None, git: str | None, ref: str | None, options: ValidateOptions
) -> dict[str, Any]:
    """`source`: a file or folder of this machine, or path -> content. Raises InputError."""
    from qlp.errors import InputError

    body: dict[str, Any] = dict(options)
    if (source is None) == (git is None):
        raise InputError("give either files (a path, or path -> content) or git=URL")
    if git is not None:
        body["git"] = {"url": git, **({"ref": ref} if ref else {})}
    elif isinstance(source, str | Path):
        body["files"] = _folder(Path(source))
    else:
        body["files"] = files_body(source or {})
    if "commands" in body:
        body["commands"] = {purpose: list(argv) for purpose, argv in body["commands"].items()}
    if "stages" in body:
        body["stages"] = list(body["stages"])
    return body


def _folder(path: Path) -> dict[str, Any]:
    """Binary files too; links are not followed, caches and histories are left out."""
    from qlp.config import ValidationSettings
    from qlp.validation.intake.folder import read_folder

    files = read_folder(path, ValidationSettings()).files("")
    return {
        f.path: {"base64": content(f.data)["base64"], "executable": f.executable}
        if f.encoding == "base64"
        else {"text": f.content, "executable": True}
        if f.executable
        else f.content
        for f in files
    }

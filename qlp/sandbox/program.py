"""Runs one program of a few files: what `qlp exec` and POST /v1/execute do."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.errors import InputError
from qlp.models import Language
from qlp.sandbox.protocol import Command, ExecResult, Limits, SandboxBackend

_TSX = "/opt/qlp/node/node_modules/tsx/dist/loader.mjs"


def command_of(language: Language, entry: str) -> tuple[str, ...]:
    """How a language runs a source file."""
    return {
        "python": ("python3", entry),
        "javascript": ("node", entry),
        "typescript": ("node", "--import", _TSX, entry),
        "go": ("go", "run", entry),
    }[language]


async def run_program(
    backend: SandboxBackend,
    language: Language,
    files: Mapping[str, bytes],
    entry: str,
    *,
    args: tuple[str, ...] = (),
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    limits: Limits = Limits(),
) -> ExecResult:
    """A fresh sandbox, the files, one process. Raises InputError and SandboxError."""
    if entry not in files:
        raise InputError(f"the entry point {entry!r} is not among the files")
    async with backend.open(language, limits) as sandbox:
        await sandbox.put(files)
        command = Command(argv=(*command_of(language, entry), *args), stdin=stdin, env=dict(env or {}))
        return await sandbox.run(command)

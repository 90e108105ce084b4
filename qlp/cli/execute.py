"""`qlp exec FILE`: one program in a sandbox."""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path

from qlp.cli.screen import err, print_json
from qlp.config import Settings
from qlp.errors import InputError
from qlp.models import LANGUAGES, Language
from qlp.sandbox import open_backend
from qlp.sandbox.program import run_program
from qlp.sandbox.protocol import ExecResult, Limits
from qlp.validation import detect_language


def execute_file(file: Path, args: list[str], language: str | None, timeout: float, *, as_json: bool) -> int:
    if not file.is_file():
        raise InputError(f"{file} is not a file")
    chosen = as_language(language) or detect_language([file.name])
    stdin = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    result = asyncio.run(_execute(file.name, file.read_bytes(), chosen, tuple(args), stdin, timeout))
    if as_json:
        print_json(
            {
                **result.model_dump(exclude={"stdout", "stderr"}),
                "stdout": result.stdout.decode("utf-8", "replace"),
                "stderr": result.stderr.decode("utf-8", "replace"),
                "stdout_base64": base64.b64encode(result.stdout).decode(),
            }
        )
    else:
        sys.stdout.buffer.write(result.stdout)
        sys.stdout.buffer.flush()
        sys.stderr.buffer.write(result.stderr)
        sys.stderr.buffer.flush()
        _say_end(result)
    return exit_status(result)


def exit_status(result: ExecResult) -> int:
    """As a shell has it: 124 for a time-out, 128 + n for signal n."""
    if result.timed_out:
        return 124
    return result.exit_code if result.exit_code is not None else 128 + (result.signal or 0)


def as_language(name: str | None) -> Language | None:
    """Raises InputError for a language that has no toolchain here."""
    if name is None:
        return None
    for language in LANGUAGES:
        if name == language:
            return language
    raise InputError(f"no toolchain for {name!r}: {', '.join(LANGUAGES)}")


async def _execute(
    name: str, source: bytes, language: Language, args: tuple[str, ...], stdin: bytes, timeout: float
) -> ExecResult:
    settings = Settings()
    backend = await open_backend(settings.sandbox, settings.home)
    limits = Limits(wall_s=timeout, memory_mb=settings.sandbox.memory_mb, pids=settings.sandbox.pids)
    return await run_program(backend, language, {name: source}, name, args=args, stdin=stdin, limits=limits)


def _say_end(result: ExecResult) -> None:
    if result.timed_out:
        err().print("ended: its time was over (--timeout)")
    if result.oom:
        err().print("ended: it ran out of memory (QLP_SANDBOX__MEMORY_MB)")
    if result.truncated:
        err().print("output was cut at its cap")

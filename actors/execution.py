"""One program in one fresh sandbox: what /v1/execute does."""

from __future__ import annotations

from pydantic import Field, field_validator

from qlp.config import SandboxSettings
from qlp.errors import InputError
from qlp.models import Isolation, Language
from qlp.models._base import Frozen
from qlp.pipeline.admit import check_path
from qlp.sandbox.protocol import Command, Limits, SandboxBackend

_MAIN: dict[Language, str] = {
    "python": "main.py",
    "javascript": "main.js",
    "typescript": "main.ts",
    "go": "main.go",
}
_RUN: dict[Language, tuple[str, ...]] = {
    "python": ("python3",),
    "javascript": ("node",),
    "typescript": ("node", "--import", "/opt/qlp/node/node_modules/tsx/dist/loader.mjs"),
    "go": ("go", "run"),
}


def utf8(text: str, what: str) -> bytes:
    """JSON can carry lone surrogates, which no file can hold. Raises InputError."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{what} holds broken Unicode (a lone surrogate)") from error


class ExecuteLimits(Frozen):
    """Asked ceilings; the platform's own are never exceeded."""

    wall_s: float = Field(default=30.0, gt=0, le=300)
    memory_mb: int | None = Field(default=None, ge=16)
    pids: int | None = Field(default=None, ge=8)
    cpus: float | None = Field(default=None, gt=0)
    output_bytes: int = Field(default=262_144, ge=1, le=1_048_576)
    """Cap of stdout and of stderr, each."""

    def within(self, ceiling: SandboxSettings) -> Limits:
        return Limits(
            wall_s=self.wall_s,
            memory_mb=min(self.memory_mb or ceiling.memory_mb, ceiling.memory_mb),
            pids=min(self.pids or ceiling.pids, ceiling.pids),
            cpus=min(self.cpus or ceiling.cpus, ceiling.cpus),
            output_bytes=self.output_bytes,
        )


class ExecuteJob(Frozen):
    """Either `code` (one file) or `files` with an `entry`."""

    language: Language
    code: str | None = None
    files: dict[str, str] = Field(default_factory=dict, max_length=500)
    entry: str | None = None
    """File to run; by default main.py, main.js, main.ts or main.go."""
    stdin: str = ""
    args: tuple[str, ...] = Field(default=(), max_length=100)
    env: dict[str, str] = Field(default_factory=dict, max_length=100)
    limits: ExecuteLimits = ExecuteLimits()

    @field_validator("args", "env")
    @classmethod
    def _no_nul(cls, value: tuple[str, ...] | dict[str, str]) -> tuple[str, ...] | dict[str, str]:
        texts = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for text in texts for c in text):
            raise ValueError("arguments and variables cannot hold NUL or lone surrogates")
        return value

    def sources(self) -> tuple[dict[str, bytes], str]:
        """Files and the entry among them. Raises InputError."""
        entry = self.entry or _MAIN[self.language]
        files = dict(self.files)
        if self.code is not None:
            if entry in files:
                raise InputError(f"both `code` and files[{entry!r}] are given: leave one out")
            files[entry] = self.code
        if entry not in files:
            raise InputError(f"there is no {entry}: send `code`, or name one of the files as `entry`")
        for path in files:
            check_path(path)
        return {path: utf8(text, path) for path, text in files.items()}, entry


class Execution(Frozen):
    """How the program ended; a failing program is a result, not an error."""

    object: str = "execution"
    exit_code: int | None
    signal: int | None
    timed_out: bool
    oom: bool
    truncated: bool
    stdout: str
    stderr: str
    wall_s: float
    cpu_s: float
    max_rss_bytes: int
    isolation: Isolation


async def execute(job: ExecuteJob, backend: SandboxBackend, ceiling: SandboxSettings) -> Execution:
    """Raises InputError, SandboxError."""
    files, entry = job.sources()
    limits = job.limits.within(ceiling)
    async with backend.open(job.language, limits) as sandbox:
        await sandbox.put(files)
        argv = (*_RUN[job.language], entry, *job.args)
        result = await sandbox.run(
            Command(argv=argv, env=job.env, stdin=utf8(job.stdin, "stdin"), wall_s=job.limits.wall_s)
        )
        return Execution(
            exit_code=result.exit_code,
            signal=result.signal,
            timed_out=result.timed_out,
            oom=result.oom,
            truncated=result.truncated,
            stdout=result.stdout.decode("utf-8", "replace"),
            stderr=result.stderr.decode("utf-8", "replace"),
            wall_s=result.wall_s,
            cpu_s=result.cpu_s,
            max_rss_bytes=result.max_rss_bytes,
            isolation=sandbox.isolation,
        )

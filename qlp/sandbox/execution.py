"""One program as callers describe it, and the way from there to a job and back: HTTP, SDK and command line share it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, field_validator, model_validator

from qlp.config import SandboxSettings
from qlp.errors import InputError
from qlp.models import LOCAL_TENANT
from qlp.models._base import Frozen
from qlp.models.execution import Acquire, CommandResult, Execution
from qlp.sandbox.protocol import Command, ExecResult, Job, Limits
from qlp.sandbox.work import Done, Work

OUTPUT_BYTES = 262_144
MOST_FILES = 500


def utf8(text: str, what: str) -> bytes:
    """JSON can carry lone surrogates, which no file can hold. Raises InputError."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{what} holds broken Unicode (a lone surrogate)") from error


def from_base64(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not base64 ({error})") from None


def _printable(text: str) -> str:
    if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("cannot hold NUL or lone surrogates")
    return text


def _variable(name: str) -> str:
    if not name or "=" in name:
        raise ValueError("is not the name of a variable")
    return _printable(name)


Argument = Annotated[str, AfterValidator(_printable)]
Environment = dict[Annotated[str, AfterValidator(_variable)], Argument]


class _Asked(Frozen):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Content(_Asked):
    """Bytes as JSON can carry them: `text` or `base64`."""

    text: str | None = None
    base64: str | None = None
    executable: bool = False

    @model_validator(mode="after")
    def _one(self) -> Content:
        if (self.text is None) == (self.base64 is None):
            raise ValueError("give either `text` or `base64`")
        if self.base64 is not None:
            from_base64(self.base64)
        return self

    def data(self, what: str) -> bytes:
        """Raises InputError."""
        return from_base64(self.base64) if self.base64 is not None else utf8(self.text or "", what)


def bytes_of(content: str | Content, what: str) -> bytes:
    """Raises InputError."""
    return utf8(content, what) if isinstance(content, str) else content.data(what)


class RoomLimits(_Asked):
    """Asked ceilings of a sandbox; the platform's own are never exceeded."""

    memory_mb: int | None = Field(default=None, ge=16)
    """MiB."""
    pids: int | None = Field(default=None, ge=8)
    """Processes and threads."""
    cpus: float | None = Field(default=None, gt=0)
    """Cores."""
    disk_mb: int | None = Field(default=None, ge=1)
    """Size of the workspace, MiB."""

    def within(self, ceiling: SandboxSettings, *, wall_s: float, output_bytes: int) -> Limits:
        return Limits(
            wall_s=wall_s,
            memory_mb=min(self.memory_mb or ceiling.memory_mb, ceiling.memory_mb),
            pids=min(self.pids or ceiling.pids, ceiling.pids),
            cpus=min(self.cpus or ceiling.cpus, ceiling.cpus),
            disk_mb=min(self.disk_mb or Limits().disk_mb, ceiling.disk_mb),
            output_bytes=output_bytes,
        )


class ExecuteLimits(RoomLimits):
    wall_s: float = Field(default=30.0, gt=0, le=600)
    """Wall clock of the program, seconds."""
    compile_s: float = Field(default=60.0, gt=0, le=600)
    """Wall clock of the compiler, seconds."""
    output_bytes: int = Field(default=OUTPUT_BYTES, ge=1, le=1_048_576)
    """Cap of stdout and of stderr, each."""


_EXAMPLES: list[JsonValue] = [
    {"language": "python", "code": "print(sum(map(int, input().split())))", "stdin": "1 2 3\n"},
    {
        "language": "cpp",
        "files": {"main.cpp": '#include "add.h"\nint main() { return add(1, -1); }', "add.h": "int add(int a, int b);"},
        "limits": {"wall_s": 5},
    },
    {
        "profile": "python",
        "command": ["sh", "-c", "sort names.txt > sorted.txt"],
        "files": {"names.txt": "b\na\n"},
        "fetch": ["sorted.txt"],
    },
]


class ExecuteJob(_Asked):
    """A program in a `language` (`code`, or `files` with an `entry`), or a `command` in a `profile`."""

    model_config = ConfigDict(json_schema_extra={"examples": _EXAMPLES})

    language: str | None = None
    """python, javascript, typescript, go, java, rust, c, cpp, ruby, php, csharp, bash, perl, lua, sql, or an alias."""
    profile: str | None = Field(default=None, max_length=100)
    """Image profile: with `command` the one to run it in; with `language` one that the operator added for it."""
    command: tuple[Argument, ...] | None = Field(default=None, min_length=1, max_length=1000)
    """With `profile`: the argument vector; no shell unless it names one."""
    code: str | None = None
    """The entry file's text."""
    files: dict[str, str | Content] = Field(default_factory=dict, max_length=MOST_FILES)
    """Path -> text, or `{"base64": ...}`, or `{"text": ..., "executable": true}`."""
    entry: str | None = None
    """File to run; by default main.py, main.js, Main.java, ..."""
    stdin: str | Content = ""
    args: tuple[Argument, ...] = Field(default=(), max_length=100)
    env: Environment = Field(default_factory=dict, max_length=100)
    fetch: tuple[str, ...] = Field(default=(), max_length=100)
    """Paths of artefacts to answer with: regular files only, no links followed, 16 MiB in all."""
    test: bool = False
    """Run the language's test runner over the files instead of a program."""
    fork: bool = False
    """Python only: run in a fork of an interpreter that is already there, which is faster."""
    mode: Literal["shared-tenant", "strict"] = "shared-tenant"
    """`strict`: a sandbox that nobody used before and nobody will use after."""
    runtime: str | None = Field(default=None, max_length=50)
    """OCI runtime by name (runc, runsc, kata), as far as the platform offers it."""
    limits: ExecuteLimits = ExecuteLimits()
    stream: bool = False
    """Answer with server-sent events; the same as `Accept: text/event-stream`."""

    @field_validator("language")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is None:
            return None
        from qlp.sandbox.languages import recipe_of

        try:
            recipe_of(name)
        except InputError:
            raise ValueError(unknown_language(name)) from None
        return name

    @model_validator(mode="after")
    def _either(self) -> ExecuteJob:
        if self.language is not None and self.command is not None:
            raise ValueError("give either `language`, or `profile` and `command`")
        if self.language is None and (self.profile is None or self.command is None):
            raise ValueError("name the `language`, or a `profile` and the `command` to run in it")
        if self.command is not None and (self.code is not None or self.entry or self.args or self.test or self.fork):
            raise ValueError("`code`, `entry`, `args`, `test` and `fork` go with `language`; write them into `command`")
        return self

    def sources(self) -> dict[str, bytes]:
        """Raises InputError."""
        files = {path: bytes_of(content, path) for path, content in self.files.items()}
        check_paths((*files, *self.fetch, *([self.entry] if self.entry else [])))
        check_no_folder(files)
        return files

    def program(self) -> Plan:
        """Raises InputError."""
        files = self.sources()
        stdin = bytes_of(self.stdin, "stdin")
        executable = frozenset(p for p, c in self.files.items() if isinstance(c, Content) and c.executable)
        if self.command is not None and self.profile is not None:
            command = Command(argv=self.command, env=self.env, stdin=stdin, wall_s=self.limits.wall_s)
            job = Job(files=files, executable=executable, commands=(command,), fetch=self.fetch)
            return Plan(self.profile, job, False)
        from qlp.sandbox.languages import main_file, program_job

        assert self.language is not None
        entry = self.entry
        if self.code is not None:
            entry = entry or main_file(self.language)
            if entry in files:
                raise InputError(f"both `code` and files[{entry!r}] are given: leave one out")
            files[entry] = utf8(self.code, entry)
            check_no_folder(files)
        elif not files:
            raise InputError("there is nothing to run: send `code`, or `files`")
        made = program_job(
            self.language,
            files,
            entry=entry,
            args=self.args,
            stdin=stdin,
            env=self.env,
            fetch=self.fetch,
            compile_s=self.limits.compile_s,
            run_s=self.limits.wall_s,
            test=self.test,
            fork=self.fork,
            profile=self.profile,
        )
        job = made.job.model_copy(update={"executable": made.job.executable | executable}) if executable else made.job
        return Plan(made.profile, job, made.compiles)

    def work(self, plan: Plan, ceiling: SandboxSettings, *, tenant: str = LOCAL_TENANT) -> Work:
        return Work(
            profile=plan.profile,
            job=plan.job,
            tenant=tenant,
            mode=self.mode,
            limits=self.limits.within(
                ceiling,
                wall_s=max(self.limits.wall_s, self.limits.compile_s),
                output_bytes=self.limits.output_bytes,
            ),
            runtime=self.runtime,
        )


def profile_of(language: str | None, profile: str | None) -> str:
    """The named profile, else the language's, else python. Raises InputError."""
    if language is None:
        return profile or "python"
    if profile is not None:
        raise InputError("give either `language` or `profile`")
    from qlp.sandbox.languages import recipe_of

    try:
        return recipe_of(language)[0].profile
    except InputError:
        raise InputError(unknown_language(language)) from None


def unknown_language(name: str) -> str:
    """What to say about it: the nearest names, and all languages."""
    import difflib

    from qlp.sandbox.languages import language_names
    from qlp.sandbox.recipes import RECIPES

    near = difflib.get_close_matches(name.lower()[:50], language_names(), n=3, cutoff=0.5)
    guess = f"; did you mean {' or '.join(near)}?" if near else ";"
    return f"there is no language {name[:50]!r}{guess} languages are {', '.join(r.name for r in RECIPES)}"


class Plan(NamedTuple):
    """A job, where it runs, and whether its first command is the compiler."""

    profile: str
    job: Job
    compiles: bool


def check_paths(paths: tuple[str, ...]) -> None:
    """Raises InputError unless each stays inside the workspace."""
    from qlp.pipeline.admit import check_path

    for path in paths:
        utf8(path, "a file's name")
        check_path(path)


def check_no_folder(files: Mapping[str, bytes]) -> None:
    """Raises InputError if one file's path is another's folder."""
    for path in files:
        parts = path.split("/")
        for n in range(1, len(parts)):
            folder = "/".join(parts[:n])
            if folder in files:
                raise InputError(f"{folder!r} is a file, so {path!r} cannot be in it")


def command_result(result: ExecResult, output_bytes: int | None = None) -> CommandResult:
    """With stdout and stderr cut to `output_bytes`, each."""
    stdout, stderr = result.stdout[:output_bytes], result.stderr[:output_bytes]
    out, out_exact = as_text(stdout)
    err, err_exact = as_text(stderr)
    return CommandResult(
        exit_code=result.exit_code,
        signal=result.signal,
        timed_out=result.timed_out,
        oom=result.oom,
        truncated=result.truncated or len(stdout) < len(result.stdout) or len(stderr) < len(result.stderr),
        stdout=out,
        stderr=err,
        stdout_base64=out_exact,
        stderr_base64=err_exact,
        wall_s=result.wall_s,
        cpu_s=result.cpu_s,
        max_rss_bytes=result.max_rss_bytes,
    )


def as_text(data: bytes) -> tuple[str, str | None]:
    """As UTF-8 with replacements, and the exact bytes as base64 if there were any."""
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace"), base64.b64encode(data).decode()


def execution(done: Done, *, profile: str, compiles: bool, output_bytes: int = OUTPUT_BYTES) -> Execution:
    results = [command_result(result, output_bytes) for result in done.result.results]
    compiled = results[0] if compiles else None
    ran = results[-1] if len(results) > (1 if compiles else 0) else None
    return Execution(
        **results[-1].model_dump(),
        profile=profile,
        mode=done.mode,
        compile=compiled,
        run=ran,
        artefacts={path: base64.b64encode(data).decode() for path, data in done.result.artefacts.items()},
        missing=dict(done.result.missing),
        isolation=done.isolation,
        acquire=Acquire(path=done.path, seconds=done.acquire_s),
    )

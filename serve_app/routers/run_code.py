"""/run_code as SandboxFusion has it (github.com/bytedance/SandboxFusion): same fields, defaults, statuses and codes.

What its users rely on: 200 for everything that was run or could not be run (`status` tells), 422 for a body of another
shape, `Failed` for a non-zero exit or a time-out of either step, `SandboxError` with a `message` when the sandbox is to
blame, a `return_code` of -N for signal N and none after a time-out, no `run_result` when it did not compile.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import posixpath
import random
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator

from qlp.errors import AuthError, InputError, OverloadedError, QLPError
from qlp.sandbox.execution import RoomLimits, check_no_folder, unknown_language, utf8
from qlp.sandbox.protocol import ExecResult, Job
from qlp.sandbox.work import Done, Work
from serve_app.auth import BackendDep, Key, principal_of
from serve_app.backend import Backend
from serve_app.documents import PROBLEMS

router = APIRouter(tags=["SandboxFusion"])

OPEN_TENANT = "run-code"
"""Who callers without a key are, where the operator lets them in."""
OUTPUT_BYTES = 1_048_576
MOST_S = 600.0
PATIENCE_S = 60.0
"""The original queues without a bound; here a full queue is tried again for this long, seconds."""
_PAUSE_S = 0.5
_ELSEWHERE = frozenset(
    ("cuda", "R", "D_ut", "scala", "julia", "kotlin_script", "verilog", "python_gpu", "lean", "swift", "racket")
)
"""Languages of the original that have no toolchain here."""
_ONE_STEP = ("csharp", "go_test", "jest", "typescript", "ts")
"""Languages that the original compiles and runs in one step: their compiler's end is the run's."""
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "::1"}


class RunCodeRequest(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "print(input())", "language": "python", "stdin": "hello"}]}
    )

    compile_timeout: float = Field(10, description="compile timeout for compiled languages, seconds")
    run_timeout: float = Field(10, description="code run timeout, seconds")
    memory_limit_MB: int = Field(-1, description="maximum memory, MiB; -1: what the platform allows")
    code: str = Field(description="the code to run")
    stdin: str | None = Field(None, description="optional string to pass into stdin")
    language: str = Field(description="the language or execution mode to run the code", examples=["python"])
    files: dict[str, str | None] = Field({}, description="from file path to base64 encoded file content")
    fetch_files: list[str] = Field([], description="file paths to fetch after code execution")
    args: list[str] = Field([], description="additional command-line arguments passed to pytest")

    @field_validator("language")
    @classmethod
    def _known(cls, name: str) -> str:
        from qlp.sandbox.languages import language_names

        if name not in _ELSEWHERE and name.lower() not in language_names() and name != "jest":
            raise ValueError(unknown_language(name))
        return name


class CommandRunResult(BaseModel):
    status: Literal["Finished", "Error", "TimeLimitExceeded"]
    execution_time: float | None = None
    return_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None


class RunCodeResponse(BaseModel):
    status: Literal["Success", "Failed", "SandboxError"]
    message: str
    compile_result: CommandRunResult | None = None
    run_result: CommandRunResult | None = None
    executor_pod_name: str | None = None
    files: dict[str, str] = {}


async def tenant_of(request: Request, backend: BackendDep, key: Key) -> str:
    """The key's tenant; without a key, callers of this machine where `server.open_run_code` lets them in."""
    if key is None and backend.settings.server.open_run_code:
        host = request.headers.get("host", "")
        if (host if host.endswith("]") else host.rpartition(":")[0] or host) in _LOOPBACK:
            return OPEN_TENANT  # another name would be a web page that rebinds its name to this machine
        raise AuthError("without a key /run_code is open as 127.0.0.1 or localhost only")
    return (await principal_of(backend, key)).tenant


@router.post("/run_code", responses={401: PROBLEMS[401], 413: PROBLEMS[413], 422: PROBLEMS[422]})
async def run_code(
    asked: RunCodeRequest, backend: BackendDep, tenant: Annotated[str, Depends(tenant_of)]
) -> RunCodeResponse:
    """Compatible with SandboxFusion: existing evaluation and training scripts only change the URL.

    Scripts that send no header put the key into it: `http://qlp:API_KEY@host:port/run_code`.
    """
    try:
        return await _run(asked, backend, tenant)
    except QLPError as error:
        return RunCodeResponse(status="SandboxError", message=error.detail)


@router.get("/v1/ping")
async def ping() -> str:
    """`pong`. No key needed."""
    return "pong"


async def _run(asked: RunCodeRequest, backend: Backend, tenant: str) -> RunCodeResponse:
    if asked.language in _ELSEWHERE:
        raise InputError(unknown_language(asked.language))
    profile, job, compiles = _program(asked)
    memory = RoomLimits(memory_mb=max(asked.memory_limit_MB, 16) if asked.memory_limit_MB > 0 else None)
    limits = memory.within(backend.settings.sandbox, wall_s=MOST_S, output_bytes=OUTPUT_BYTES)
    work = Work(profile=profile, job=job, tenant=tenant, limits=limits)
    result = (await _patiently(backend, work)).result
    steps = [_step(step) for step in result.results]
    compiled = steps.pop(0) if compiles else None
    ran = steps[-1] if steps else None
    if asked.language in _ONE_STEP:
        compiled, ran = None, ran or compiled
    ends = [step for step in (compiled, ran) if step is not None]
    good = all(step.status == "Finished" and step.return_code == 0 for step in ends)
    found = {path: base64.b64encode(data).decode() for path, data in result.artefacts.items()}
    files = {name: found[path] for name in asked.fetch_files if (path := _inside(name)) in found}
    return RunCodeResponse(
        status="Success" if good else "Failed", message="", compile_result=compiled, run_result=ran, files=files
    )


async def _patiently(backend: Backend, work: Work) -> Done:
    """Raises OverloadedError when the queue was full for PATIENCE_S."""
    patience = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await backend.sandbox.execute(work)
        except OverloadedError:
            if time.monotonic() > patience:
                raise
            await asyncio.sleep(_PAUSE_S * (0.5 + random.random()))


def _program(asked: RunCodeRequest) -> tuple[str, Job, bool]:
    """Profile, job, and whether its first command is the compiler. Raises InputError."""
    from qlp.sandbox.languages import main_file, program_job

    language = {"jest": "typescript"}.get(asked.language, asked.language)
    files: dict[str, bytes] = {}
    for name, content in asked.files.items():
        if content is None or "IGNORE_THIS_FILE" in name:
            continue
        path = _inside(name)
        if path is None:
            raise InputError(f"{name!r} is outside of the workspace: name files relative to it")
        try:
            files[path] = base64.b64decode(content)
        except (binascii.Error, ValueError) as error:
            raise InputError(f"files[{name!r}] is not base64: {error}") from error
    entry = _own_name(main_file(language), files)
    files[entry] = utf8(_tagged(asked.code) if language == "php" else asked.code, "code")
    check_no_folder(files)
    made = program_job(
        language,
        files,
        entry=entry,
        args=tuple(asked.args) if asked.language == "pytest" else (),
        stdin=utf8(asked.stdin or "", "stdin"),
        fetch=tuple(dict.fromkeys(path for name in asked.fetch_files if (path := _inside(name)))),
        compile_s=_seconds(asked.compile_timeout),
        run_s=_seconds(asked.run_timeout),
        test=asked.language == "jest",
    )
    return made.profile, made.job, made.compiles


def _own_name(main: str, files: dict[str, bytes]) -> str:
    """The original writes the code beside the files under a name of its own, but for Main.java and Program.cs."""
    if main in ("Main.java", "Program.cs"):
        return main
    taken = (name for n in range(len(files) + 1) if (name := f"code{n}_{main}" if n else main) not in files)
    return next(taken)


def _tagged(code: str) -> str:
    """PHP without its opening tag would be printed."""
    return code if "<?php" in code else f"<?php\n{code}"


def _inside(path: str) -> str | None:
    """Relative to the workspace and normal, or None if it is elsewhere."""
    plain = posixpath.normpath(path)
    outside = not path or "\0" in path or plain in (".", "..") or plain.startswith(("/", "../"))
    return None if outside else plain


def _seconds(timeout: float) -> float:
    """The original takes any number, and ends at once for what is not above 0."""
    return min(max(timeout, 0.001), MOST_S) if timeout == timeout else MOST_S


def _step(result: ExecResult) -> CommandRunResult:
    code = result.exit_code if result.exit_code is not None else -(result.signal or 9)
    return CommandRunResult(
        status="TimeLimitExceeded" if result.timed_out else "Finished",
        execution_time=result.wall_s,
        return_code=None if result.timed_out else code,
        stdout=_decoded(result.stdout),
        stderr=_decoded(result.stderr),
    )


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        return f"[DecodeError] {error}"

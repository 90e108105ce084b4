"""/v1/sandboxes: sessions. A pinned sandbox with a shell, files, background processes and a port probe."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from qlp.errors import NotFoundError
from qlp.models._base import Frozen
from qlp.models.execution import SandboxExec, SandboxFile, SandboxHttp, SandboxInfo, SandboxProcess
from qlp.sandbox.execution import (
    MOST_FILES,
    OUTPUT_BYTES,
    Argument,
    Content,
    Environment,
    RoomLimits,
    as_text,
    bytes_of,
    check_no_folder,
    check_paths,
    command_result,
    profile_of,
)
from qlp.sandbox.protocol import Command, OutputListener, Sandbox
from qlp.sandbox.work import SessionInfo, SessionSpec
from serve_app.auth import BackendDep, Caller
from serve_app.digests import digest_headers, known
from serve_app.documents import BYTES_IN, BYTES_OUT, EVENTS, NOT_FOUND, PROBLEMS
from serve_app.event_stream import OutputStream
from serve_app.routers.execute import wants_stream

router = APIRouter(prefix="/v1/sandboxes", tags=["sandboxes"], responses=PROBLEMS)

SandboxId = Annotated[str, PathParam(max_length=100, description="`sbx_...`")]
FilePath = Annotated[str, PathParam(max_length=1000, description="Relative to the workspace.")]
Handle = Annotated[str, PathParam(max_length=100)]
MOST_OUTPUT_BYTES = 1_048_576
FILE_BYTES = 16_777_216


class _Asked(Frozen):
    model_config = ConfigDict(use_attribute_docstrings=True)


class NewSandbox(_Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"profile": "python", "ttl_s": 1800}]})

    profile: str | None = Field(default=None, max_length=100)
    """Image profile (python, node, go, java, rust, c, scripts, mono, or the operator's own); by default python."""
    language: str | None = None
    """Instead of `profile`: a language, whose profile is taken."""
    files: dict[str, str | Content] = Field(default_factory=dict, max_length=MOST_FILES)
    """Written into the workspace at the start."""
    limits: RoomLimits = RoomLimits()
    runtime: str | None = Field(default=None, max_length=50)
    ttl_s: float = Field(default=3600.0, gt=0, le=4 * 3600.0)
    """Destroyed after this, whatever happens, seconds."""
    idle_s: float = Field(default=600.0, gt=0, le=4 * 3600.0)
    """Destroyed when nobody called for this long, seconds."""


class SandboxList(BaseModel):
    object: Literal["list"] = "list"
    data: list[SandboxInfo]
    first_id: str | None
    last_id: str | None
    has_more: bool


class NewProcess(_Asked):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"command": ["python3", "-m", "http.server", "8000"]}, {"command": "ls -l"}]}
    )

    command: Argument | tuple[Argument, ...] = Field(min_length=1)
    """An argument vector, or one line for `sh -c`."""
    cwd: str = "."
    """Relative to the workspace."""
    env: Environment = Field(default_factory=dict, max_length=100)
    stdin: str | Content = ""

    def made(self, wall_s: float | None) -> Command:
        """Raises InputError."""
        if self.cwd != ".":
            check_paths((self.cwd,))
        argv = ("sh", "-c", self.command) if isinstance(self.command, str) else self.command
        return Command(argv=argv, cwd=self.cwd, env=self.env, stdin=bytes_of(self.stdin, "stdin"), wall_s=wall_s)


class NewExec(NewProcess):
    wall_s: float = Field(default=60.0, gt=0, le=600)
    """Wall clock, seconds."""
    output_bytes: int = Field(default=OUTPUT_BYTES, ge=1, le=1_048_576)
    """Cap of stdout and of stderr, each."""
    stream: bool = False
    """Answer with server-sent events; the same as `Accept: text/event-stream`."""


class HttpCall(_Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"port": 8000, "path": "/healthz"}]})

    port: int = Field(ge=1, le=65535)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    path: Argument = Field(default="/", max_length=8000, pattern=r"^/[!-~]*$")
    headers: Environment = Field(default_factory=dict, max_length=50)
    body: str | Content = ""
    timeout_s: float = Field(default=5.0, gt=0, le=60)


@router.post("", status_code=201)
async def create(asked: NewSandbox, backend: BackendDep, caller: Caller, response: Response) -> SandboxInfo:
    """A fresh sandbox that is this tenant's until it is deleted, expires, or idles for `idle_s`."""
    files = {path: bytes_of(content, path) for path, content in asked.files.items()}
    check_paths(tuple(files))
    check_no_folder(files)
    spec = SessionSpec(
        profile=profile_of(asked.language, asked.profile),
        tenant=caller.tenant,
        limits=asked.limits.within(backend.settings.sandbox, wall_s=asked.ttl_s, output_bytes=MOST_OUTPUT_BYTES),
        runtime=asked.runtime,
        ttl_s=asked.ttl_s,
        idle_s=asked.idle_s,
    )
    opened = await backend.sandbox.open_session(spec)
    if files:
        try:
            sandbox = await backend.sandbox.session(opened.id, caller.tenant)
            executable = frozenset(p for p, c in asked.files.items() if isinstance(c, Content) and c.executable)
            await sandbox.put(files, executable=executable)
        except BaseException:
            await backend.sandbox.close_session(opened.id, caller.tenant)
            raise
    response.headers["Location"] = f"/v1/sandboxes/{opened.id}"
    return _info(opened)


@router.get("")
async def list_sandboxes(
    backend: BackendDep,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(max_length=100)] = None,
    order: Literal["asc", "desc"] = "desc",
) -> SandboxList:
    """The tenant's open sessions, the newest first unless `order=asc`."""
    found = await backend.sandbox.sessions(caller.tenant)
    rows = sorted(found, key=lambda info: (info.created_at, info.id), reverse=order == "desc")
    if after is not None:
        places = [n for n, info in enumerate(rows) if info.id == after]
        if not places:
            raise NotFoundError(f"`after` names no sandbox of yours: {after}")
        rows = rows[places[0] + 1 :]
    page = [_info(info) for info in rows[:limit]]
    return SandboxList(
        data=page,
        first_id=page[0].id if page else None,
        last_id=page[-1].id if page else None,
        has_more=len(rows) > limit,
    )


@router.get("/{sandbox_id}", responses=NOT_FOUND)
async def get(sandbox_id: SandboxId, backend: BackendDep, caller: Caller) -> SandboxInfo:
    return _info(await backend.sandbox.session_info(sandbox_id, caller.tenant))


@router.delete("/{sandbox_id}", status_code=204, responses=NOT_FOUND)
async def delete(sandbox_id: SandboxId, backend: BackendDep, caller: Caller) -> Response:
    """Destroys it with everything in it."""
    await backend.sandbox.close_session(sandbox_id, caller.tenant)
    return Response(status_code=204)


@router.post("/{sandbox_id}/exec", response_model=SandboxExec, responses={200: EVENTS, **NOT_FOUND})
async def run_command(
    sandbox_id: SandboxId,
    asked: NewExec,
    backend: BackendDep,
    caller: Caller,
    accept: Annotated[str | None, Header()] = None,
) -> SandboxExec | Response:
    """Run to its end in the workspace; everything it left running is killed, except what `processes` started.

    A command that fails is a result (200). Streams like `/v1/execute`; closing the stream ends the command.
    """
    command = asked.made(asked.wall_s)
    sandbox: Sandbox = await backend.sandbox.session(sandbox_id, caller.tenant)

    async def run(on_output: OutputListener | None = None) -> SandboxExec:
        result = await sandbox.run(command, on_output=on_output)
        return SandboxExec(**command_result(result, asked.output_bytes).model_dump())

    if wants_stream(asked.stream, accept):
        return await OutputStream(run, name="exec", output_bytes=asked.output_bytes).ready()
    return await run()


@router.put("/{sandbox_id}/files/{path:path}", openapi_extra=BYTES_IN, responses=NOT_FOUND)
async def put_file(
    sandbox_id: SandboxId,
    path: FilePath,
    request: Request,
    backend: BackendDep,
    caller: Caller,
    executable: bool = False,
) -> SandboxFile:
    """The body is the file's bytes; folders are made. 507 if the workspace is full."""
    check_paths((path,))
    data = await request.body()
    sandbox = await backend.sandbox.session(sandbox_id, caller.tenant)
    await sandbox.put({path: data}, executable=frozenset([path] if executable else []))
    return SandboxFile(path=path, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


@router.get("/{sandbox_id}/files/{path:path}", response_class=Response, responses={200: BYTES_OUT, **NOT_FOUND})
async def get_file(
    sandbox_id: SandboxId,
    path: FilePath,
    backend: BackendDep,
    caller: Caller,
    max_bytes: Annotated[int, Query(ge=1, le=FILE_BYTES)] = FILE_BYTES,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One regular file, no links followed; 304 if the ETag is known."""
    check_paths((path,))
    sandbox = await backend.sandbox.session(sandbox_id, caller.tenant)
    data = await sandbox.get(path, max_bytes=max_bytes)
    headers = digest_headers(hashlib.sha256(data).digest())
    if known(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.post("/{sandbox_id}/processes", status_code=201, responses=NOT_FOUND)
async def start(
    sandbox_id: SandboxId, asked: NewProcess, backend: BackendDep, caller: Caller, response: Response
) -> SandboxProcess:
    """Start a background process; it lives until it ends, is deleted, or the session is over."""
    sandbox = await backend.sandbox.session(sandbox_id, caller.tenant)
    handle = await sandbox.start(asked.made(None))
    response.headers["Location"] = f"/v1/sandboxes/{sandbox_id}/processes/{handle}"
    return SandboxProcess(handle=handle, status="running")


@router.get("/{sandbox_id}/processes/{handle}", responses=NOT_FOUND)
async def poll(sandbox_id: SandboxId, handle: Handle, backend: BackendDep, caller: Caller) -> SandboxProcess:
    sandbox = await backend.sandbox.session(sandbox_id, caller.tenant)
    result = await sandbox.poll(handle)
    if result is None:
        return SandboxProcess(handle=handle, status="running")
    return SandboxProcess(handle=handle, status="ended", result=command_result(result))


@router.delete("/{sandbox_id}/processes/{handle}", responses=NOT_FOUND)
async def stop(sandbox_id: SandboxId, handle: Handle, backend: BackendDep, caller: Caller) -> SandboxProcess:
    """SIGTERM, two seconds, SIGKILL to its whole group; answers with its end and output."""
    sandbox = await backend.sandbox.session(sandbox_id, caller.tenant)
    return SandboxProcess(handle=handle, status="ended", result=command_result(await sandbox.stop(handle)))


@router.post("/{sandbox_id}/http", responses=NOT_FOUND)
async def http(sandbox_id: SandboxId, asked: HttpCall, backend: BackendDep, caller: Caller) -> SandboxHttp:
    """One request to 127.0.0.1 inside the sandbox; `status` 0 means that nothing answered."""
    sandbox = await backend.sandbox.session(sandbox_id, caller.tenant)
    reply = await sandbox.http(
        asked.method,
        asked.port,
        asked.path,
        body=bytes_of(asked.body, "body"),
        headers=asked.headers,
        timeout_s=asked.timeout_s,
    )
    body, exact = as_text(reply.body)
    return SandboxHttp(status=reply.status, body=body, body_base64=exact, error=reply.error)


def _info(info: SessionInfo) -> SandboxInfo:
    return SandboxInfo(**info.model_dump(exclude={"tenant"}))

"""Sessions over HTTP: a sandbox that stays, with a shell, files, background processes and a port probe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack, overload
from urllib.parse import quote

from qlp.client.connection import Connection
from qlp.client.programs import MARGIN_S, Data, Room, Stream, content, files_body
from qlp.models.execution import SandboxExec, SandboxHttp, SandboxInfo, SandboxProcess

START_S = 120.0
"""Deadline of making a sandbox, seconds."""
STEP_S = 60.0


class SandboxOptions(TypedDict, total=False):
    """Arguments of `sandboxes.create`: `profile` (by default python) or `language`."""

    profile: str
    language: str
    files: Mapping[str, Data]
    limits: Room
    runtime: str
    ttl_s: float
    idle_s: float


class RunOptions(TypedDict, total=False):
    cwd: str
    env: Mapping[str, str]
    stdin: Data
    wall_s: float
    output_bytes: int


class StartOptions(TypedDict, total=False):
    cwd: str
    env: Mapping[str, str]
    stdin: Data


class AsyncSandboxes:
    """`client.sandboxes`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, **options: Unpack[SandboxOptions]) -> AsyncSandbox:
        """A fresh one. `async with await client.sandboxes.create(...) as sandbox` destroys it at the end."""
        body: dict[str, Any] = dict(options)
        if "files" in options:
            body["files"] = files_body(options["files"])
        answer = await self._connection.call("POST", "/v1/sandboxes", json=body, timeout=START_S)
        return AsyncSandbox(self._connection, SandboxInfo.model_validate(answer.json()))

    async def get(self, sandbox_id: str) -> AsyncSandbox:
        """Raises NotFoundError."""
        answer = await self._connection.call("GET", f"/v1/sandboxes/{quote(sandbox_id, safe='')}", again=True)
        return AsyncSandbox(self._connection, SandboxInfo.model_validate(answer.json()))

    async def list(
        self, *, limit: int = 20, after: str | None = None, order: Literal["asc", "desc"] = "desc"
    ) -> tuple[SandboxInfo, ...]:
        params = {"limit": str(limit), "order": order, **({"after": after} if after else {})}
        page = (await self._connection.call("GET", "/v1/sandboxes", params=params, again=True)).json()
        return tuple(SandboxInfo.model_validate(row) for row in page["data"])


class AsyncSandbox:
    """One session. Raises NotFoundError once it is closed or expired."""

    def __init__(self, connection: Connection, info: SandboxInfo) -> None:
        self._connection = connection
        self.info = info
        self._path = f"/v1/sandboxes/{quote(info.id, safe='')}"

    @property
    def id(self) -> str:
        return self.info.id

    @overload
    async def run(
        self, command: str | Sequence[str], *, stream: Literal[False] = False, **options: Unpack[RunOptions]
    ) -> SandboxExec: ...
    @overload
    async def run(
        self, command: str | Sequence[str], *, stream: Literal[True], **options: Unpack[RunOptions]
    ) -> Stream[SandboxExec]: ...

    async def run(
        self, command: str | Sequence[str], *, stream: bool = False, **options: Unpack[RunOptions]
    ) -> SandboxExec | Stream[SandboxExec]:
        """Run to its end: an argument vector, or one line for `sh -c`. A command that fails is a result."""
        body = _command_body(command, dict(options))
        if stream:
            return Stream(self._connection, f"{self._path}/exec", body, SandboxExec, "exec")
        timeout = options.get("wall_s", 60.0) + MARGIN_S
        answer = await self._connection.call("POST", f"{self._path}/exec", json=body, timeout=timeout)
        return SandboxExec.model_validate(answer.json())

    async def put(self, path: str, data: Data, *, executable: bool = False) -> None:
        """Write one file. Raises StorageError when the workspace is full."""
        raw = data.encode() if isinstance(data, str) else data if isinstance(data, bytes) else data.read_bytes()
        params = {"executable": "true"} if executable else {}
        headers = {"Content-Type": "application/octet-stream"}
        await self._connection.call(
            "PUT", self._file(path), content=raw, params=params, headers=headers, timeout=STEP_S, again=True
        )

    async def get(self, path: str) -> bytes:
        """Read one regular file. Raises NotFoundError."""
        return (await self._connection.call("GET", self._file(path), timeout=STEP_S, again=True)).content

    async def start(self, command: str | Sequence[str], **options: Unpack[StartOptions]) -> str:
        """Start a background process and return its handle."""
        body = _command_body(command, dict(options))
        answer = await self._connection.call("POST", f"{self._path}/processes", json=body, timeout=STEP_S)
        return SandboxProcess.model_validate(answer.json()).handle

    async def poll(self, handle: str) -> SandboxProcess:
        answer = await self._connection.call("GET", self._process(handle), timeout=STEP_S, again=True)
        return SandboxProcess.model_validate(answer.json())

    async def stop(self, handle: str) -> SandboxProcess:
        """SIGTERM, two seconds, SIGKILL; with its end and output."""
        answer = await self._connection.call("DELETE", self._process(handle), timeout=STEP_S)
        return SandboxProcess.model_validate(answer.json())

    async def http(
        self,
        method: str,
        port: int,
        path: str = "/",
        *,
        body: Data = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> SandboxHttp:
        """One request to 127.0.0.1:`port` inside; `status` 0 means that nothing answered."""
        asked = {"method": method, "port": port, "path": path, "timeout_s": timeout_s}
        asked |= {"body": content(body), "headers": dict(headers or {})}
        answer = await self._connection.call("POST", f"{self._path}/http", json=asked, timeout=timeout_s + STEP_S)
        return SandboxHttp.model_validate(answer.json())

    async def close(self) -> None:
        """Destroy it. Raises NotFoundError if it is gone already."""
        await self._connection.call("DELETE", self._path, timeout=STEP_S)

    async def __aenter__(self) -> AsyncSandbox:
        return self

    async def __aexit__(self, *_: object) -> None:
        from qlp.errors import NotFoundError

        try:
            await self.close()
        except NotFoundError:
            return  # expired, or closed inside the block

    def _file(self, path: str) -> str:
        return f"{self._path}/files/{quote(path)}"

    def _process(self, handle: str) -> str:
        return f"{self._path}/processes/{quote(handle, safe='')}"


def _command_body(command: str | Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    if "stdin" in options:
        options["stdin"] = content(options["stdin"])
    return {"command": command if isinstance(command, str) else list(command), **options}

"""`AsyncQLP` and its twin `QLP`, which does the same without `await`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, Unpack, overload

import httpx

from qlp.client.connection import RETRIES, Connection
from qlp.client.discovery import find_server
from qlp.client.loop_thread import LoopThread
from qlp.client.programs import Data, Program, Result, Stream, patience, program_body
from qlp.client.sandboxes import AsyncSandbox, AsyncSandboxes, RunOptions, SandboxOptions, StartOptions
from qlp.client.validation import PATIENCE_S, ValidateOptions, validate_body
from qlp.models.execution import Execution, OutputDelta, SandboxExec, SandboxHttp, SandboxInfo, SandboxProcess

if TYPE_CHECKING:
    from qlp.validation.outcome import Validation


class AsyncQLP:
    """Client of one server: of `base_url` and `api_key`, of QLP_BASE_URL and QLP_API_KEY, or of this user's `qlp up`.

    Errors of the server are raised as their classes of `qlp.errors`. A full queue is tried again, after the time that
    the server asks for, up to `retries` times.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        url, key = find_server(base_url, api_key)
        self._connection = Connection(url, key, retries=retries, transport=transport)
        self.sandboxes = AsyncSandboxes(self._connection)

    @overload
    async def execute(self, *, stream: Literal[False] = False, **program: Unpack[Program]) -> Execution: ...
    @overload
    async def execute(self, *, stream: Literal[True], **program: Unpack[Program]) -> Stream[Execution]: ...

    async def execute(self, *, stream: bool = False, **program: Unpack[Program]) -> Execution | Stream[Execution]:
        """Run one program in a sandbox. A program that fails is a result: look at `ok`."""
        body = program_body(program)
        if stream:
            return Stream(self._connection, "/v1/execute", body, Execution, "execution", again=True)
        answer = await self._connection.call("POST", "/v1/execute", json=body, timeout=patience(program), again=True)
        return Execution.model_validate(answer.json())

    async def validate(
        self,
        source: str | Path | Mapping[str, Data] | None = None,
        *,
        git: str | None = None,
        ref: str | None = None,
        **options: Unpack[ValidateOptions],
    ) -> Validation:
        """Validate a folder, files or a public git repository. What is faulty is a result: look at `verified`."""
        from qlp.validation.outcome import Validation

        body = validate_body(source, git, ref, options)
        answer = await self._connection.call("POST", "/v1/validate", json=body, timeout=PATIENCE_S, again=True)
        return Validation.model_validate(answer.json())

    async def close(self) -> None:
        await self._connection.close()

    async def __aenter__(self) -> AsyncQLP:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class QLP:
    """`AsyncQLP` without `await`: its calls run on a thread of its own, so it works in notebooks and threads too."""

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = AsyncQLP(base_url, api_key, retries=retries, transport=transport)
        self._loop = LoopThread("qlp-client")
        self.sandboxes = Sandboxes(self._loop, self._client.sandboxes)

    @overload
    def execute(self, *, stream: Literal[False] = False, **program: Unpack[Program]) -> Execution: ...
    @overload
    def execute(self, *, stream: Literal[True], **program: Unpack[Program]) -> Pieces[Execution]: ...

    def execute(self, *, stream: bool = False, **program: Unpack[Program]) -> Execution | Pieces[Execution]:
        if stream:
            return Pieces(self._loop, self._loop.call(self._client.execute(stream=True, **program)))
        return self._loop.call(self._client.execute(**program))

    def validate(
        self,
        source: str | Path | Mapping[str, Data] | None = None,
        *,
        git: str | None = None,
        ref: str | None = None,
        **options: Unpack[ValidateOptions],
    ) -> Validation:
        return self._loop.call(self._client.validate(source, git=git, ref=ref, **options))

    def close(self) -> None:
        self._loop.call(self._client.close())
        self._loop.close()

    def __enter__(self) -> QLP:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Pieces(Generic[Result]):
    """`Stream` without `await`."""

    def __init__(self, loop: LoopThread, stream: Stream[Result]) -> None:
        self._loop = loop
        self._stream = stream

    @property
    def result(self) -> Result | None:
        return self._stream.result

    def __iter__(self) -> Iterator[OutputDelta]:
        return self._loop.iterate(self._stream)

    def wait(self) -> Result:
        return self._loop.call(self._stream.wait())

    def close(self) -> None:
        self._loop.call(self._stream.aclose())

    def __enter__(self) -> Pieces[Result]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Sandboxes:
    """`AsyncSandboxes` without `await`."""

    def __init__(self, loop: LoopThread, sandboxes: AsyncSandboxes) -> None:
        self._loop = loop
        self._sandboxes = sandboxes

    def create(self, **options: Unpack[SandboxOptions]) -> Sandbox:
        return Sandbox(self._loop, self._loop.call(self._sandboxes.create(**options)))

    def get(self, sandbox_id: str) -> Sandbox:
        return Sandbox(self._loop, self._loop.call(self._sandboxes.get(sandbox_id)))

    def list(
        self, *, limit: int = 20, after: str | None = None, order: Literal["asc", "desc"] = "desc"
    ) -> tuple[SandboxInfo, ...]:
        return self._loop.call(self._sandboxes.list(limit=limit, after=after, order=order))


class Sandbox:
    """`AsyncSandbox` without `await`."""

    def __init__(self, loop: LoopThread, sandbox: AsyncSandbox) -> None:
        self._loop = loop
        self._sandbox = sandbox
        self.info = sandbox.info
        self.id = sandbox.id

    @overload
    def run(
        self, command: str | Sequence[str], *, stream: Literal[False] = False, **options: Unpack[RunOptions]
    ) -> SandboxExec: ...
    @overload
    def run(
        self, command: str | Sequence[str], *, stream: Literal[True], **options: Unpack[RunOptions]
    ) -> Pieces[SandboxExec]: ...

    def run(
        self, command: str | Sequence[str], *, stream: bool = False, **options: Unpack[RunOptions]
    ) -> SandboxExec | Pieces[SandboxExec]:
        if stream:
            return Pieces(self._loop, self._loop.call(self._sandbox.run(command, stream=True, **options)))
        return self._loop.call(self._sandbox.run(command, **options))

    def put(self, path: str, data: Data, *, executable: bool = False) -> None:
        self._loop.call(self._sandbox.put(path, data, executable=executable))

    def get(self, path: str) -> bytes:
        return self._loop.call(self._sandbox.get(path))

    def start(self, command: str | Sequence[str], **options: Unpack[StartOptions]) -> str:
        return self._loop.call(self._sandbox.start(command, **options))

    def poll(self, handle: str) -> SandboxProcess:
        return self._loop.call(self._sandbox.poll(handle))

    def stop(self, handle: str) -> SandboxProcess:
        return self._loop.call(self._sandbox.stop(handle))

    def http(
        self,
        method: str,
        port: int,
        path: str = "/",
        *,
        body: Data = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> SandboxHttp:
        return self._loop.call(self._sandbox.http(method, port, path, body=body, headers=headers, timeout_s=timeout_s))

    def close(self) -> None:
        self._loop.call(self._sandbox.close())

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *about: object) -> None:
        self._loop.call(self._sandbox.__aexit__(*about))

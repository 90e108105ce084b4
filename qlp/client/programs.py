"""What can be asked of /v1/execute, in Python's own types, and its output as it arrives."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, TypedDict, TypeVar

import httpx

from qlp.client.connection import Connection, error_of
from qlp.errors import QLPError
from qlp.models.execution import CommandResult, OutputDelta

Data = str | bytes | Path
"""Text, bytes, or a local file to read."""
MARGIN_S = 120.0
"""How much longer than the program a client waits: the queue, and making a sandbox, seconds."""
EVENT_STREAM = {"Accept": "text/event-stream"}


class Room(TypedDict, total=False):
    """Ceilings of a sandbox; the platform's own are never exceeded."""

    memory_mb: int
    pids: int
    cpus: float
    disk_mb: int


class ProgramLimits(Room, total=False):
    wall_s: float
    compile_s: float
    output_bytes: int


class Program(TypedDict, total=False):
    """Arguments of `execute`: `language` with `code` or `files`, or `profile` with `command`."""

    language: str
    profile: str
    command: Sequence[str]
    code: str
    files: Mapping[str, Data]
    entry: str
    stdin: Data
    args: Sequence[str]
    env: Mapping[str, str]
    fetch: Sequence[str]
    test: bool
    fork: bool
    mode: Literal["shared-tenant", "strict"]
    runtime: str
    limits: ProgramLimits


def program_body(program: Program) -> dict[str, Any]:
    body: dict[str, Any] = dict(program)
    if "files" in program:
        body["files"] = files_body(program["files"])
    if "stdin" in program:
        body["stdin"] = content(program["stdin"])
    for name in ("command", "args", "fetch"):
        if name in body:
            body[name] = list(body[name])
    return body


def files_body(files: Mapping[str, Data]) -> dict[str, Any]:
    return {path: content(data) for path, data in files.items()}


def content(data: Data) -> Any:
    """As the API takes it: text as it is, bytes as base64."""
    if isinstance(data, Path):
        data = data.read_bytes()
    if isinstance(data, str):
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def patience(program: Program) -> float:
    limits = program.get("limits", {})
    return limits.get("wall_s", 30.0) + limits.get("compile_s", 60.0) + MARGIN_S


Result = TypeVar("Result", bound=CommandResult)


class Stream(Generic[Result]):
    """Pieces of output, then `result`. Leaving it before its end (`aclose`) cancels the program."""

    def __init__(
        self,
        connection: Connection,
        path: str,
        body: dict[str, Any],
        result: type[Result],
        name: str,
        *,
        again: bool = False,
    ) -> None:
        self._connection = connection
        self._events = connection.events("POST", path, json=body, headers=EVENT_STREAM, again=again)
        self._type = result
        self._name = name
        self.result: Result | None = None
        """Set when the iteration has ended."""

    def __aiter__(self) -> AsyncGenerator[OutputDelta, None]:
        return self._deltas()

    async def _deltas(self) -> AsyncGenerator[OutputDelta, None]:
        """Raises the error that ended the program, and ServerUnreachableError when the stream breaks."""
        try:
            async for event in self._events:
                if event["type"] == "execution.output.delta":
                    yield OutputDelta.model_validate(event)
                elif event["type"] == "execution.completed":
                    self.result = self._type.model_validate(event[self._name])
                else:
                    raise error_of(event["problem"])
        except httpx.TransportError as error:
            raise self._connection.unreachable(error) from error
        finally:
            await self.aclose()
        if self.result is None:
            raise QLPError("the server ended the stream without a result")

    async def wait(self) -> Result:
        """The result; output that was not read is dropped."""
        async for _ in self:
            pass
        assert self.result is not None
        return self.result

    async def aclose(self) -> None:
        await self._events.aclose()

    async def __aenter__(self) -> Stream[Result]:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

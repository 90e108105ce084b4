"""The host's end of a sandbox: files, commands and jobs over the connection to its runner, for every backend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError

from qlp.errors import InputError, NotFoundError, SandboxProtocolError, SandboxUnavailableError
from qlp.models import Isolation
from qlp.sandbox import boot, seccomp
from qlp.sandbox.connection import MAX_REPLY, Ailment, ByteStream, Connection, Event
from qlp.sandbox.inside import frames, paths
from qlp.sandbox.protocol import Command, ExecResult, HttpReply, Job, JobResult, Limits, OutputListener

_GRACE_S = 15.0
"""How much later than the runner the host loses patience: kill, drain and transfer on a busy machine."""
_CALL_S = 60.0
"""put, get, start, poll: moving at most a workspace."""
_JOB_S = 30.0
"""What a job may need beyond its commands: its namespaces, its files in and its artefacts out."""
_FETCH_ROOM = 8 * 1024 * 1024
"""Of a reply, kept for what is no artefact."""


class Session:
    """Implements `Sandbox` once `hello` has been answered."""

    def __init__(
        self, stream: ByteStream, isolation: Isolation, limits: Limits, *, diagnose: Callable[[], Awaitable[str]]
    ) -> None:
        self.isolation = isolation
        self._limits = limits
        self.no_namespaces_because = ""
        """Why jobs get no namespaces here, in the runner's words; empty where they do."""
        self._used = False
        self._connection = Connection(stream, diagnose=diagnose)

    @property
    def healthy(self) -> bool:
        """Whether further jobs may be given to this sandbox; `ailment` says why not."""
        return self._connection.broken is None and self._connection.ailment is None

    @property
    def ailment(self) -> Ailment | None:
        return self._connection.ailment

    async def hello(self, config: Mapping[str, Any], *, timeout_s: float) -> None:
        """Send the runner and its configuration; returns when it is ready and has said what it can isolate."""
        await self._connection.send_program(boot.bundle(), timeout_s=timeout_s)
        request = {"op": "hello", "filters": seccomp.filters(), **config}
        reply, _ = await self._connection.call(request, timeout_s=timeout_s)
        self.isolation = self.isolation.model_copy(update={"job_namespaces": reply.get("job_namespaces") is True})
        self.no_namespaces_because = str(reply.get("why", ""))

    async def close(self) -> None:
        """Ends the session; the runner ends when its stdin does."""
        await self._connection.close()

    # --- files -------------------------------------------------------------------------------------------------------

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        for path in files:
            _check(path)
        self._used = True
        batch: dict[str, bytes] = {}
        size = 0
        for path, data in files.items():
            if batch and size + len(data) > frames.MAX_PAYLOAD // 4:
                await self._put(batch, executable)
                batch, size = {}, 0
            batch[path] = data
            size += len(data)
        await self._put(batch, executable)

    async def _put(self, files: Mapping[str, bytes], executable: frozenset[str]) -> None:
        listed = [[path, len(data), path in executable] for path, data in files.items()]
        await self._call({"op": "put", "files": listed}, b"".join(files.values()))

    async def get(self, path: str, *, max_bytes: int = 16_777_216) -> bytes:
        _check(path)
        _, data = await self._call({"op": "get", "path": path, "max_bytes": min(max_bytes, MAX_REPLY - 4096)})
        return data

    # --- commands ----------------------------------------------------------------------------------------------------

    async def run(self, command: Command, *, on_output: OutputListener | None = None) -> ExecResult:
        request = self._request("run", command)
        request["stream"] = on_output is not None
        timeout_s = request["wall_s"] + _GRACE_S
        self._used = True
        reply = await self._connection.call(
            request, command.stdin, timeout_s=timeout_s, cancels=True, on_event=_listener(on_output)
        )
        return self._result(*reply)

    async def start(self, command: Command) -> str:
        request = self._request("start", command)
        request["wall_s"] = command.wall_s  # a server lives as long as the sandbox unless it asks for less
        self._used = True
        header, _ = await self._call(request, command.stdin)
        return str(header.get("handle"))

    async def poll(self, handle: str) -> ExecResult | None:
        header, data = await self._call({"op": "poll", "handle": handle})
        return None if header.get("running") else self._result(header, data)

    async def stop(self, handle: str) -> ExecResult:
        return self._result(*await self._call({"op": "stop", "handle": handle}))

    async def http(
        self,
        method: str,
        port: int,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> HttpReply:
        request = {"op": "http", "method": method, "port": port, "path": path, "headers": dict(headers or {})}
        header, data = await self._call({**request, "timeout_s": timeout_s}, body, timeout_s=timeout_s + _GRACE_S)
        try:
            return HttpReply(status=header.get("status", 0), body=data, error=header.get("reason", ""))
        except ValidationError as error:
            raise await self._malformed(error) from error

    # --- jobs --------------------------------------------------------------------------------------------------------

    async def job(self, job: Job, *, on_output: OutputListener | None = None) -> JobResult:
        for path in (*job.files, *job.fetch):
            _check(path)
        commands = [self._request("job", command) for command in job.commands]
        if self.ailment:
            raise SandboxUnavailableError(f"this sandbox may serve no further job ({self.ailment}): open another one")
        if not self.isolation.job_namespaces:
            return await self._job_in_workspace(job, on_output)
        request = {
            "op": "job",
            "files": [[path, len(data), path in job.executable] for path, data in job.files.items()],
            "commands": [
                {key: command[key] for key in ("argv", "env", "cwd", "wall_s")} | {"stdin": len(given.stdin)}
                for command, given in zip(commands, job.commands, strict=True)
            ],
            "fetch": list(dict.fromkeys(job.fetch)),
            "fetch_bytes": min(job.fetch_bytes, MAX_REPLY - _FETCH_ROOM),
            "fork": job.fork,
            "stream": on_output is not None,
        }
        header, data = await self._connection.call(
            request,
            b"".join((*job.files.values(), *(command.stdin for command in job.commands))),
            timeout_s=sum(command["wall_s"] for command in commands) + _JOB_S + _GRACE_S,
            cancels=True,
            on_event=_listener(on_output),
        )
        try:
            result = _job_result(header, data)
        except (KeyError, TypeError, ValueError) as error:  # ValidationError is a ValueError
            raise await self._malformed(error) from error
        if header.get("tainted"):
            self._connection.ailment = "check"
        elif any(one.oom for one in result.results):
            self._connection.ailment = self._connection.ailment or "oom"
        return result

    async def _job_in_workspace(self, job: Job, on_output: OutputListener | None) -> JobResult:
        """Where the runner cannot make namespaces: in the sandbox's own workspace, once, while it is fresh."""
        if self._used:
            raise SandboxUnavailableError("this sandbox cannot isolate a job from what ran before: open a fresh one")
        try:
            await self.put(job.files, executable=job.executable)
        except SandboxUnavailableError as error:
            raise SandboxUnavailableError(error.detail, started=False) from error
        results: list[ExecResult] = []
        for command in job.commands:
            try:
                results.append(await self.run(command, on_output=on_output))
            except NotFoundError as error:
                results.append(_cannot_start(error.detail))
            if not results[-1].ok:
                break
        artefacts: dict[str, bytes] = {}
        missing: dict[str, str] = {}
        left = min(job.fetch_bytes, MAX_REPLY - _FETCH_ROOM)
        for path in dict.fromkeys(job.fetch):
            try:
                artefacts[path] = await self.get(path, max_bytes=left)
                left -= len(artefacts[path])
            except (NotFoundError, InputError) as error:
                missing[path] = error.detail
        if any(one.oom for one in results):
            self._connection.ailment = self._connection.ailment or "oom"
        return JobResult(results=tuple(results), artefacts=artefacts, missing=missing)

    # --- shapes ------------------------------------------------------------------------------------------------------

    async def _call(
        self, header: dict[str, Any], payload: bytes = b"", *, timeout_s: float = _CALL_S
    ) -> tuple[frames.Header, bytes]:
        return await self._connection.call(header, payload, timeout_s=timeout_s)

    def _request(self, op: str, command: Command) -> dict[str, Any]:
        if not command.argv or any("\0" in part for part in (*command.argv, *command.env, *command.env.values())):
            raise InputError("a command needs a program, and no argument or variable may hold a NUL")
        if any(not name or "=" in name for name in command.env):
            raise InputError("a variable's name is neither empty nor holds '='")
        if command.cwd not in (".", ""):
            _check(command.cwd)
        wall = min(command.wall_s if command.wall_s is not None else self._limits.wall_s, self._limits.wall_s)
        return {"op": op, "argv": list(command.argv), "env": command.env, "cwd": command.cwd, "wall_s": wall}

    def _result(self, header: frames.Header, data: bytes) -> ExecResult:
        try:
            out, err = header.pop("sizes")
            if out + err != len(data):
                raise ValueError("sizes do not add up")
            fields = {k: v for k, v in header.items() if k != "id"}
            result = ExecResult(**fields, stdout=data[:out], stderr=data[out:])
        except (KeyError, TypeError, ValueError) as error:  # ValidationError is a ValueError
            self._connection.broken = SandboxProtocolError(f"malformed result from the sandbox: {error}")
            self._connection.ailment = "late"
            raise self._connection.broken from error
        if result.oom:
            self._connection.ailment = self._connection.ailment or "oom"
        return result

    async def _malformed(self, error: Exception) -> Exception:
        return await self._connection.fail(SandboxProtocolError(f"malformed reply from the sandbox: {error}"), "late")


def _job_result(header: frames.Header, data: bytes) -> JobResult:
    """Raises KeyError, TypeError, ValueError for anything but a job's reply."""
    offset = 0

    def take(size: int) -> bytes:
        nonlocal offset
        if not isinstance(size, int) or size < 0 or offset + size > len(data):
            raise ValueError("sizes do not add up")
        offset += size
        return data[offset - size : offset]

    results = []
    for one in header["results"]:
        out, err = one.pop("sizes")
        results.append(ExecResult(**one, stdout=take(out), stderr=take(err)))
    if not results:
        raise ValueError("a job without a result")
    artefacts = {str(path): take(size) for path, size in header["artefacts"]}
    if offset != len(data):
        raise ValueError("sizes do not add up")
    return JobResult(results=tuple(results), artefacts=artefacts, missing=header["missing"])


def _cannot_start(detail: str) -> ExecResult:
    told = f"qlp: cannot start: {detail}\n".encode()
    return ExecResult(exit_code=126, stdout=b"", stderr=told, wall_s=0.0, cpu_s=0.0, max_rss_bytes=0)


def _listener(on_output: OutputListener | None) -> Event | None:
    if on_output is None:
        return None
    listener = on_output

    def event(header: frames.Header, payload: bytes) -> None:
        stream = header.get("stream")
        if header.get("event") == "output" and (stream == "stdout" or stream == "stderr"):
            listener(stream, payload)

    return event


def _check(path: str) -> None:
    try:
        paths.split(path)
    except paths.PathError as error:
        raise InputError(str(error)) from error

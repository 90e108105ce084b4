"""A model server that answers what its script says: right, slow, broken or endless, over real HTTP.

It speaks chat completions unless it gets another shape (shapes.py).

In a test:      with ScriptedServer([Reply(text="hi"), Reply(status=429, headers={"Retry-After": "1"})]) as server: ...
As a process:   python -m tests.support.scripted_server --script file.json --port 0 --log calls.jsonl

The first reply in the list that matches and has uses left answers. `match` is a regular expression searched in the
last message; a reply with `match` serves for ever, one without serves once, unless `times` says otherwise. When
nothing is left the answer is 400 "script exhausted", which no client retries.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tests.support.script import Reply
from tests.support.shapes import SHAPES

__all__ = ["Call", "Reply", "Script", "ScriptedServer"]


class Call(BaseModel):
    """One request for a completion, as it came in."""

    seq: int
    at: float
    path: str = ""
    raw: bytes = b""
    """The body before it was parsed."""
    headers: dict[str, str]
    body: dict[str, Any]
    reply: int | None
    """Index of the scripted reply; None when the script was exhausted."""

    @property
    def last(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def key(self) -> str | None:
        return self.headers.get("idempotency-key")


class Script(BaseModel):
    model_config = ConfigDict(extra="forbid")

    replies: list[Reply]
    models: list[str] = ["scripted"]


class ScriptedServer:
    """Serves on 127.0.0.1 from a thread of its own, so that a blocked test loop does not stop it."""

    def __init__(
        self,
        replies: list[Reply] | None = None,
        *,
        models: list[str] | None = None,
        port: int = 0,
        log: Path | None = None,
        shape: str = "openai",
    ) -> None:
        self.shape = SHAPES[shape]
        self.origin_path = "/v1" if shape == "openai" else ""
        self.replies = list(replies or [])
        self.models = models if models is not None else ["scripted"]
        self.calls: list[Call] = []
        self.port = port
        self._log = log
        self._used: dict[int, int] = {}
        self._walked: dict[int, int] = {}
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="scripted-server", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.origin_path}"

    @property
    def open_connections(self) -> int:
        return len(self._connections)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the scripted server did not start")
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request on a kept-alive connection; False when the connection is over."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        if method == "GET" and path.endswith("/models"):
            listed = [{"id": m, "object": "model", "created": 0, "owned_by": "test"} for m in self.models]
            await _send(writer, 200, {}, {"object": "list", "data": listed})
            return True
        if wrong := self.shape.serves(path, headers):
            await self._refuse(writer, 404, wrong)
            return True
        body = json.loads(raw)
        index, reply = self._pick(body)
        call = self._record(headers, body, index, path, raw)
        if reply is None or index is None:
            await self._refuse(writer, 400, "script exhausted")
            return True
        await asyncio.sleep(reply.delay_s)
        keep = await self._play(writer, reply, index, body, stream=self.shape.streams(path, body))
        self._write_log({"event": "answered", "seq": call.seq, "key": call.key})
        return keep

    def _pick(self, body: dict[str, Any]) -> tuple[int | None, Reply | None]:
        last = str(body["messages"][-1]["content"])
        with self._lock:
            for index, reply in enumerate(self.replies):
                left = reply.times if reply.times is not None else (None if reply.match is not None else 1)
                used = self._used.get(index, 0)
                if left is not None and used >= left:
                    continue
                if reply.match is None or re.search(reply.match, last, re.DOTALL):
                    self._used[index] = used + 1
                    return index, reply
        return None, None

    def _record(self, headers: dict[str, str], body: dict[str, Any], index: int | None, path: str, raw: bytes) -> Call:
        with self._lock:
            call = Call(
                seq=len(self.calls) + 1, at=time.time(), path=path, raw=raw, headers=headers, body=body, reply=index
            )
            self.calls.append(call)
        self._write_log(
            {"event": "request", "seq": call.seq, "at": call.at, "key": call.key, "reply": index, "last": call.last}
        )
        return call

    def _write_log(self, entry: dict[str, Any]) -> None:
        if self._log is None:
            return
        with self._lock, self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())

    async def _refuse(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        message: str,
        *,
        code: str = "",
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        body, own = self.shape.error(status, message, code, param)
        await _send(writer, status, {**own, **(headers or {})}, body)

    async def _play(
        self, writer: asyncio.StreamWriter, reply: Reply, index: int, body: dict[str, Any], *, stream: bool
    ) -> bool:
        refused = next((field for field in reply.refuse if field in body), None)
        if refused:
            message = f"Unsupported parameter: '{refused}'"
            await self._refuse(writer, 400, message, code="unsupported_parameter", param=refused)
            return True
        streamed = reply.mode in ("plain", "half", "drip", "endless") or reply.frames is not None
        if stream and streamed and reply.body is None and reply.status == 200:
            return await self._stream(writer, reply, index, body)
        if reply.mode == "reset":
            writer.transport.abort()
            return False
        if reply.mode == "endless":
            writer.write(
                b'HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n\r\n{"choices":[{"message":{"content":"'
                % reply.status
            )
            while True:
                writer.write(b"all work and no play makes a dull model " * 1000)
                await writer.drain()
        if reply.mode == "garbage":
            await _send(writer, reply.status, reply.headers, b"\x00\xff\xfe{{{not json \x80" * 20)
            return True
        if reply.mode == "nothing":
            await _send(writer, reply.status, reply.headers, b"")
            return True
        content: Any = reply.body
        if content is None and reply.status != 200:
            said = reply.message or f"scripted {reply.status}"
            await self._refuse(writer, reply.status, said, code=reply.code, headers=reply.headers)
            return True
        if content is None:
            content = self.shape.whole(reply, self._texts(reply, index, body), body)
        data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        if reply.mode == "half":
            writer.write(_head(reply.status, reply.headers, len(data)) + data[: len(data) // 2])
            await writer.drain()
            return False
        if reply.mode == "drip":
            writer.write(_head(reply.status, reply.headers, len(data)))
            for i in range(len(data)):
                writer.write(data[i : i + 1])
                await writer.drain()
                await asyncio.sleep(reply.drip_s)
            return True
        await _send(writer, reply.status, reply.headers, data)
        return True

    async def _stream(self, writer: asyncio.StreamWriter, reply: Reply, index: int, body: dict[str, Any]) -> bool:
        """Chunked; `half` breaks the connection in the middle, `keep_frames` ends the body in good form too early."""
        writer.write(_head(200, {"content-type": self.shape.stream_type, **reply.headers}, None))
        if reply.mode == "endless":
            first, more = self.shape.endless()
            await _chunk(writer, first)
            while True:
                await _chunk(writer, more)
        frames = self.shape.frames(reply, self._texts(reply, index, body), body)
        if reply.frames is not None:
            frames = [f.encode() if isinstance(f, str) else f for f in reply.frames]
        frames = [f for f in frames[: reply.keep_frames] for _ in range(2 if reply.twice else 1)]
        for frame in frames[: len(frames) // 2] if reply.mode == "half" else frames:
            await _chunk(writer, frame)
            if reply.mode == "drip":
                await asyncio.sleep(reply.drip_s)
        if reply.mode == "half":
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    def _texts(self, reply: Reply, index: int, body: dict[str, Any]) -> list[str]:
        texts = reply.texts if reply.texts is not None else [reply.text or ""]
        n = 1 if reply.ignore_n else int(body.get("n") or 1)
        with self._lock:
            start = self._walked.get(index, 0)
            self._walked[index] = start + n
        return [texts[(start + i) % len(texts)] for i in range(n)]


async def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))
    await writer.drain()


def _head(status: int, headers: dict[str, str], length: int | None) -> bytes:
    """`length` None: the body is chunked."""
    lines = {"content-type": "application/json", **{k.lower(): v for k, v in headers.items()}}
    fields = "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    size = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    return f"HTTP/1.1 {status} Scripted\r\n{fields}{size}\r\n\r\n".encode("latin-1")


async def _send(writer: asyncio.StreamWriter, status: int, headers: dict[str, str], content: Any) -> None:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    writer.write(_head(status, headers, len(data)) + data)
    await writer.drain()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a script as an OpenAI-compatible endpoint on 127.0.0.1.")
    parser.add_argument("--script", type=Path, required=True, help='JSON: {"replies": [...], "models": [...]}')
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="JSON lines: one at each request, one when it was answered")
    args = parser.parse_args()
    script = Script.model_validate_json(args.script.read_text(encoding="utf-8"))
    with ScriptedServer(script.replies, models=script.models, port=args.port, log=args.log) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()

"""An OpenAI-compatible server that answers what its script says: right, slow, broken or endless, over real HTTP.

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
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Reply(BaseModel):
    """One scripted answer."""

    model_config = ConfigDict(extra="forbid")

    match: str | None = None
    times: int | None = None
    text: str | None = None
    texts: list[str] | None = None
    """Samples for n > 1, cycled; `text` is repeated with `#i` left out."""
    ignore_n: bool = False
    """Answer one sample whatever `n` says; successive calls walk through `texts`."""
    refuse: list[str] = Field(default_factory=list)
    """Request fields that get a 400 naming them, as servers without them answer."""
    finish_reason: str = "stop"
    usage: dict[str, Any] | None = Field(
        default_factory=lambda: {
            "prompt_tokens": 100,
            "completion_tokens": 10,
            "total_tokens": 110,
            "prompt_tokens_details": {"cached_tokens": 40},
        }
    )
    """Usage of one sample; completion_tokens is multiplied by the number of samples. None leaves it out."""
    status: int = 200
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    """Sent instead of a completion: a str as it is, anything else as JSON."""
    delay_s: float = 0.0
    mode: Literal["plain", "drip", "endless", "garbage", "reset", "half", "nothing"] = "plain"
    """drip: a byte every `drip_s`; endless: text without end; half: the body breaks off; nothing: an empty body."""
    drip_s: float = 0.05


class Call(BaseModel):
    """One request to /chat/completions, as it came in."""

    seq: int
    at: float
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
    ) -> None:
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
        return f"http://127.0.0.1:{self.port}/v1"

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
        if not path.endswith("/chat/completions"):
            await _send(writer, 404, {}, {"error": {"message": f"no such path {path}"}})
            return True
        body = json.loads(raw)
        index, reply = self._pick(body)
        call = self._record(headers, body, index)
        if reply is None or index is None:
            await _send(writer, 400, {}, {"error": {"message": "script exhausted"}})
            return True
        await asyncio.sleep(reply.delay_s)
        keep = await self._play(writer, reply, index, body)
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

    def _record(self, headers: dict[str, str], body: dict[str, Any], index: int | None) -> Call:
        with self._lock:
            call = Call(seq=len(self.calls) + 1, at=time.time(), headers=headers, body=body, reply=index)
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

    async def _play(self, writer: asyncio.StreamWriter, reply: Reply, index: int, body: dict[str, Any]) -> bool:
        refused = next((field for field in reply.refuse if field in body), None)
        if refused:
            error = {
                "message": f"Unsupported parameter: '{refused}'",
                "param": refused,
                "code": "unsupported_parameter",
            }
            await _send(writer, 400, {}, {"error": error})
            return True
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
        if content is None:
            content = (
                self._completion(reply, index, body)
                if reply.status == 200
                else {"error": {"message": f"scripted {reply.status}", "type": "scripted"}}
            )
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

    def _completion(self, reply: Reply, index: int, body: dict[str, Any]) -> dict[str, Any]:
        texts = reply.texts if reply.texts is not None else [reply.text or ""]
        n = 1 if reply.ignore_n else int(body.get("n") or 1)
        with self._lock:
            start = self._walked.get(index, 0)
            self._walked[index] = start + n
        usage = reply.usage and {**reply.usage, "completion_tokens": reply.usage["completion_tokens"] * n}
        return {
            "id": "chatcmpl-scripted",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model"),
            "choices": [
                {
                    "index": i,
                    "message": {"role": "assistant", "content": texts[(start + i) % len(texts)]},
                    "finish_reason": reply.finish_reason,
                }
                for i in range(n)
            ],
            **({"usage": usage} if usage else {}),
        }


def _head(status: int, headers: dict[str, str], length: int) -> bytes:
    lines = {"content-type": "application/json", **{k.lower(): v for k, v in headers.items()}}
    fields = "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    return f"HTTP/1.1 {status} Scripted\r\n{fields}content-length: {length}\r\n\r\n".encode("latin-1")


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

"""A sandbox backend in memory for the shell agent: it keeps files and knows four commands. Nothing is executed.

set PATH TEXT    write a file           rm PATH      delete it
show PATH        print a file           fail TEXT    print and end with 1
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from qlp.models import LOCAL_TENANT, Isolation
from qlp.sandbox.protocol import Command, ExecResult, Limits


def result(code: int = 0, text: str = "") -> ExecResult:
    return ExecResult(exit_code=code, stdout=text.encode(), stderr=b"", wall_s=0, cpu_s=0, max_rss_bytes=0)


class MemorySandbox:
    isolation = Isolation(backend="docker", runtime="memory", image="memory", image_digest="sha256:0")

    def __init__(self, backend: MemoryBackend) -> None:
        self._backend = backend
        self.files: dict[str, bytes] = {}

    async def put(self, files: Mapping[str, bytes], *, executable: frozenset[str] = frozenset()) -> None:
        self.files |= files

    async def run(self, command: Command, **_: Any) -> ExecResult:
        if command.argv[:2] == ("python3", "-I"):
            return self._collected(json.loads(command.stdin))
        self._backend.seen.append((command.argv[-1], dict(self.files)))
        word, _, rest = command.argv[-1].partition(" ")
        path, _, text = rest.partition(" ")
        if word == "set":
            self.files[path] = text.encode()
        elif word == "rm":
            self.files.pop(path, None)
        elif word == "show":
            return result(0, self.files.get(path, b"no such file").decode())
        elif word == "fail":
            return result(1, rest)
        return result()

    def _collected(self, asked: dict[str, Any]) -> ExecResult:
        changed = [
            [path, base64.b64encode(data).decode(), False]
            for path, data in sorted(self.files.items())
            if asked["known"].get(path) != hashlib.sha256(data).hexdigest()
        ]
        gone = [p for p in asked["known"] if p not in self.files]
        return result(0, json.dumps({"changed": changed, "gone": gone, "notes": []}))


class MemoryBackend:
    name = "memory"

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, bytes]]] = []
        """Each command, and the files that it found."""

    @asynccontextmanager
    async def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AsyncIterator[MemorySandbox]:
        yield MemorySandbox(self)

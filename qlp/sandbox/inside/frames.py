"""The wire between host and sandbox: `>II` lengths, a JSON header, a binary payload."""

from __future__ import annotations

import json
import struct
from typing import Any

PREFIX = struct.Struct(">II")
MAX_HEADER = 4 * 1024 * 1024
MAX_PAYLOAD = 256 * 1024 * 1024

Header = dict[str, Any]


class FrameError(ValueError):
    """Not a frame: lengths over the maximum, or a header that is no JSON object."""


def pack(header: Header, payload: bytes = b"") -> bytes:
    """One frame as bytes. Raises FrameError if it would be refused at the other end."""
    head = json.dumps(header).encode("ascii")
    if len(head) > MAX_HEADER or len(payload) > MAX_PAYLOAD:
        raise FrameError(f"frame too large: header {len(head)}, payload {len(payload)} bytes")
    return PREFIX.pack(len(head), len(payload)) + head + payload


class Parser:
    """Bytes in, frames out."""

    def __init__(self, max_payload: int = MAX_PAYLOAD) -> None:
        self._buffer = bytearray()
        self._max_payload = max_payload

    def feed(self, data: bytes) -> list[tuple[Header, bytes]]:
        """Frames completed by `data`. Raises FrameError; the stream cannot be used after that."""
        self._buffer += data
        done = []
        while len(self._buffer) >= PREFIX.size:
            head, body = PREFIX.unpack_from(self._buffer)
            if head > MAX_HEADER or body > self._max_payload:
                raise FrameError(f"announced lengths {head}, {body} are over the maximum")
            end = PREFIX.size + head + body
            if len(self._buffer) < end:
                break
            try:
                header = json.loads(bytes(self._buffer[PREFIX.size : PREFIX.size + head]))
            except ValueError as error:
                raise FrameError(f"header is not JSON: {error}") from error
            if not isinstance(header, dict):
                raise FrameError("header is not an object")
            done.append((header, bytes(self._buffer[PREFIX.size + head : end])))
            del self._buffer[:end]
        return done

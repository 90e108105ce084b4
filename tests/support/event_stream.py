"""Writes messages of `application/vnd.amazon.eventstream`, as Amazon's specification frames them.

Prelude (total length, length of the headers, CRC32 of these two), headers (length and name, type 7, length and value),
payload, CRC32 of all before.
"""

from __future__ import annotations

import json
import struct
from typing import Any
from zlib import crc32


def encode(event: str, payload: dict[str, Any], *, exception: bool = False) -> bytes:
    kind = {":message-type": "exception", ":exception-type": event} if exception else {":event-type": event}
    headers = {**kind, ":content-type": "application/json", ":message-type": "exception" if exception else "event"}
    return frame(headers, json.dumps(payload).encode())


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    raw = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value.encode())) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 12 + len(raw) + len(payload) + 4, len(raw))
    message = prelude + struct.pack("!I", crc32(prelude)) + raw + payload
    return message + struct.pack("!I", crc32(message))

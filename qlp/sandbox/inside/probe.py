"""HTTP requests to the sandbox's own loopback."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from typing import Any

from qlp.sandbox.inside.kernel import close_all_but

_MAX_HTTP_BODY = 16 * 1024 * 1024
_PROBE_MARGIN_S = 1.0


class Probe:
    """One HTTP request to the sandbox's own loopback, made by a forked child: the loop never waits for a server."""

    def __init__(self, header: dict[str, Any], body: bytes) -> None:
        self.id = header["id"]
        self.done = False
        self.deadline = time.monotonic() + header["timeout_s"] + _PROBE_MARGIN_S
        self._data = bytearray()
        self.fd, write = os.pipe()
        os.set_blocking(self.fd, False)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                close_all_but({2, write})
                _request(header, body, write)
            finally:
                os._exit(0)
        os.close(write)

    def readable(self) -> None:
        try:
            data = os.read(self.fd, 1 << 16)
        except BlockingIOError:
            return
        self._data += data
        self.done = not data

    def close(self) -> tuple[dict[str, Any], bytes]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        head, separator, body = bytes(self._data).partition(b"\n")
        if not separator:
            return {"status": 0, "reason": "no answer in time"}, b""
        return json.loads(head), body


def _request(header: dict[str, Any], body: bytes, sink: int) -> None:
    import http.client

    with os.fdopen(sink, "wb") as out:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", header["port"], timeout=header["timeout_s"])
            connection.request(header["method"], header["path"], body=body or None, headers=header["headers"])
            reply = connection.getresponse()
            content = reply.read(_MAX_HTTP_BODY)
            out.write(json.dumps({"status": reply.status, "reason": ""}).encode() + b"\n" + content)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = f"{type(error).__name__}: {error}"
            out.write(json.dumps({"status": 0, "reason": reason}).encode() + b"\n")

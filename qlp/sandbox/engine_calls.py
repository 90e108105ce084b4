"""The engine's HTTP API, as far as sandboxes need it, over connections that somebody else may open.

Spoken here and not through the SDK: sandboxd must not open the engine's socket by its path (it has given up the right
to), a call needs a deadline of its own, and an attached stream must be handed on byte-exact.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from qlp.errors import SandboxUnavailableError
from qlp.sandbox.engine import REMEDY

Dial = Callable[[], socket.socket]
"""A fresh connection to the engine, blocking, with a timeout set; an `ssl.SSLSocket` for TLS. Raises OSError."""

CALL_S = 30.0
_CONNECT_S = 10.0
_MAX_HEAD = 65_536
_PUMP_BYTES = 1 << 18


class EngineRefusal(Exception):
    """The engine answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        short = message if len(message) <= 600 else f"{message[:300]} ... {message[-300:]}"  # it may quote our request
        super().__init__(f"{short} ({status})")
        self.status = status


def dial_url(url: str) -> Dial:
    """Connections to a Unix socket, or to TCP with TLS by DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.

    Certificates are read now: later this process may not be able to.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return lambda: _dial_unix(parts.path)
    if parts.scheme == "ssh":
        raise SandboxUnavailableError(f"{url}: ssh engines are not supported; forward the socket with ssh -L", url=url)
    context = _ssl_context() if os.environ.get("DOCKER_TLS_VERIFY") or parts.scheme == "https" else None
    host, port = parts.hostname or "127.0.0.1", parts.port or (2376 if context else 2375)

    def dial() -> socket.socket:
        plain = socket.create_connection((host, port), timeout=_CONNECT_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(plain, server_hostname=host) if context else plain

    return dial


def _dial_unix(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_CONNECT_S)
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _ssl_context() -> ssl.SSLContext:
    folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(str(folder / "cert.pem"), str(folder / "key.pem"))
    return context


class Engine:
    """Blocking calls, each on a connection of its own and with a deadline; safe to use from several threads."""

    def __init__(self, dial: Dial, url: str) -> None:
        self._dial = dial
        self.url = url

    def call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        timeout_s: float = CALL_S,
    ) -> Any:
        """The decoded reply. Raises EngineRefusal, SandboxUnavailableError when there is no (whole) answer."""
        target = f"{path}?{urlencode(query)}" if query else path
        data = None if body is None else json.dumps(body).encode()
        connection = _Connection(self._dial, timeout_s)
        try:
            connection.request(method, target, body=data, headers={"Content-Type": "application/json"} if data else {})
            reply = connection.getresponse()
            raw = reply.read()
            told = json.loads(raw) if raw and "json" in (reply.headers.get("Content-Type") or "") else raw
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SandboxUnavailableError(
                f"the container engine at {self.url} does not answer ({error!r}); {REMEDY}", url=self.url
            ) from error
        finally:
            connection.close()
        if reply.status >= 400:
            raise EngineRefusal(reply.status, str(told.get("message", told)) if isinstance(told, dict) else str(told))
        return told

    def version(self) -> dict[str, Any]:
        told: dict[str, Any] = self.call("GET", "/version", timeout_s=_CONNECT_S)
        return told

    def info(self) -> dict[str, Any]:
        told: dict[str, Any] = self.call("GET", "/info")
        return told

    def image(self, reference: str) -> str | None:
        """The image's id, None if there is none of that name."""
        try:
            return str(self.call("GET", f"/images/{quote(reference, safe=':/@')}/json")["Id"])
        except EngineRefusal as refusal:
            if refusal.status == 404:
                return None
            raise

    def images(self) -> dict[str, str]:
        """Every name by which an image here can be started, tagged or by digest, Podman's short ones too -> its id."""
        ids: dict[str, str] = {}
        for image in self.call("GET", "/images/json"):
            for name in (*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())):
                short = name.removeprefix("localhost/").removeprefix("docker.io/").removeprefix("library/")
                ids |= dict.fromkeys((name, short), str(image.get("Id") or ""))
        return ids

    def containers(self, label: str) -> list[dict[str, Any]]:
        """Every container with a label, in whatever state."""
        query = {"all": "1", "filters": json.dumps({"label": [label]})}
        told: list[dict[str, Any]] = self.call("GET", "/containers/json", query=query)
        return told

    def create(self, name: str, options: dict[str, Any]) -> None:
        self.call("POST", "/containers/create", query={"name": name}, body=options)

    def start(self, name: str) -> None:
        self.call("POST", f"/containers/{quote(name)}/start")

    def remove(self, name: str, *, within_s: float = 10.0) -> None:
        """By force; returns when the container is really gone."""
        end = time.monotonic() + within_s
        while True:
            try:
                self.call("DELETE", f"/containers/{quote(name)}", query={"force": "1", "v": "1"})
            except EngineRefusal as refusal:
                if refusal.status == 404:
                    return
                # 409: removal is in progress; 500: the container ended meanwhile (Podman), or its mount is busy still.
                if refusal.status not in (409, 500) or time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def attach(self, name: str) -> socket.socket:
        """The container's stdio, framed by the engine; attach before the start, so that nothing is lost.

        The socket is at the first byte behind the HTTP head and non-blocking. It is the engine's own connection
        unless that is TLS: then a thread pumps, because keys cannot be handed to another process.
        """
        try:
            connection = self._dial()
        except OSError as error:
            raise SandboxUnavailableError(
                f"cannot attach to the container at {self.url} ({error!r}); {REMEDY}", url=self.url
            ) from error
        try:
            connection.settimeout(_CONNECT_S)
            connection.sendall(
                f"POST /containers/{name}/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\n"
                "Host: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n".encode()
            )
            head = _read_head(connection)
            words = head.split(b" ", 2)
            if len(words) < 2 or words[1] not in (b"101", b"200"):
                first = head.split(b"\r\n", 1)[0].decode("latin-1")
                raise SandboxUnavailableError(f"the engine refused to attach: {first}")
            if isinstance(connection, ssl.SSLSocket):
                return _pumped(connection)
            connection.setblocking(False)
        except OSError as error:
            connection.close()
            raise SandboxUnavailableError(f"cannot attach to the container at {self.url} ({error!r})") from error
        except BaseException:
            connection.close()
            raise
        return connection


class _Connection(http.client.HTTPConnection):
    def __init__(self, dial: Dial, timeout_s: float) -> None:
        super().__init__("docker", timeout=timeout_s)
        self._open = dial
        self._timeout_s = timeout_s

    def connect(self) -> None:
        self.sock = self._open()
        self.sock.settimeout(self._timeout_s)


def _read_head(connection: socket.socket) -> bytes:
    """An HTTP head, and not one byte more: what follows belongs to whoever gets the socket."""
    head = b""
    peek = 0 if isinstance(connection, ssl.SSLSocket) else socket.MSG_PEEK
    while len(head) < _MAX_HEAD:
        seen = connection.recv(1) if not peek else connection.recv(4096, peek)
        if not seen:
            raise ConnectionError("the engine closed the connection")
        end = (head + seen).find(b"\r\n\r\n")
        take = len(seen) if end < 0 else end + 4 - len(head)
        head += connection.recv(take) if peek else seen
        if end >= 0:
            return head
    raise ConnectionError("the engine's reply has no end of its head")


def _pumped(outer: ssl.SSLSocket) -> socket.socket:
    """The near end of a socket pair whose far end is copied to and from `outer` until either side ends."""
    near, far = socket.socketpair()
    near.setblocking(False)
    outer.settimeout(None)
    threading.Thread(target=_pump, args=(outer, far), name="sandbox-tls", daemon=True).start()
    return near


def _pump(outer: ssl.SSLSocket, far: socket.socket) -> None:
    """One thread for both directions: an SSL object must not be used by two at once."""
    outer.setblocking(False)
    far.setblocking(False)
    to_far, to_outer = bytearray(), bytearray()
    ways = ((outer, to_outer, to_far), (far, to_far, to_outer))
    """Socket, what waits to be written to it, where what is read from it goes."""
    poll = select.poll()
    with outer, far, contextlib.suppress(OSError):
        while True:
            moved = False
            for source, _, sink in ways:
                if len(sink) < _PUMP_BYTES and (data := _some(source)) is not None:
                    if not data:
                        _flush(far if source is outer else outer, sink)
                        return
                    sink += data
                    moved = True
            for target, waiting, _ in ways:
                while waiting and (sent := _put(target, waiting)):
                    del waiting[:sent]
                    moved = True
            if not moved:
                for target, waiting, sink in ways:
                    reads = select.POLLIN if len(sink) < _PUMP_BYTES else 0
                    poll.register(target, reads | (select.POLLOUT if waiting else 0))
                poll.poll(1000)


def _some(source: socket.socket) -> bytes | None:
    """What can be read now, None if nothing can."""
    try:
        return source.recv(_PUMP_BYTES)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None


def _put(target: socket.socket, data: bytearray) -> int:
    try:
        return target.send(bytes(data[:_PUMP_BYTES]))
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return 0


def _flush(target: socket.socket, data: bytearray) -> None:
    target.settimeout(5.0)
    target.sendall(bytes(data))

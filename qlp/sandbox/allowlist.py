"""A proxy on loopback that lets package managers reach the allowed hosts and nothing else.

pip, npm and go honour HTTPS_PROXY, so one list holds for all three, whatever a requirement, a lock file or an index
page links to. Only CONNECT to port 443 (or to a port that the list names, `host:8443`) is served: what is fetched is
TLS from end to end. Where the machine itself needs a proxy (HTTPS_PROXY), that one is asked in turn.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import socketserver
import threading
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

_CONNECT_S = 20.0
_IDLE_S = 120.0
_MAX_HEAD = 8192


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, hosts: Sequence[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.allowed = {host.lower() if ":" in host else f"{host.lower()}:443" for host in hosts}
        self.refused: list[str] = []
        self.upstream = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or ""


class _Tunnel(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        try:
            self._serve()
        except OSError:
            return  # either end hung up: the package manager reports it

    def _serve(self) -> None:
        self.connection.settimeout(_CONNECT_S)
        request = self.rfile.readline(_MAX_HEAD).decode("latin-1").split()
        while (line := self.rfile.readline(_MAX_HEAD)) not in (b"\r\n", b"\n", b""):
            if len(line) >= _MAX_HEAD:
                return
        method, target = (request[0], request[1].lower()) if len(request) > 1 else ("", "")
        if method != "CONNECT" or target not in self.server.allowed:
            self.server.refused.append(target.removesuffix(":443"))
            self.wfile.write(b"HTTP/1.1 403 Host not in the allow-list (QLP_SANDBOX__INDEXES)\r\n\r\n")
            return
        try:
            dialled = self._dial(target)
        except OSError as error:
            self.wfile.write(
                f"HTTP/1.1 502 {target.removesuffix(':443')}: {error}\r\n\r\n".encode("latin-1", "replace")
            )
            return
        with contextlib.closing(dialled) as far:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            _pump(self.connection, far)

    def _dial(self, target: str) -> socket.socket:
        host, _, port = target.rpartition(":")
        if not self.server.upstream:
            return socket.create_connection((host, int(port)), timeout=_CONNECT_S)
        proxy = urlsplit(self.server.upstream)
        far = socket.create_connection((proxy.hostname or "", proxy.port or 3128), timeout=_CONNECT_S)
        far.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
            more = far.recv(1)
            if not more:
                break
            head += more
        if b" 200" not in head.split(b"\r\n", 1)[0]:
            far.close()
            raise OSError("the machine's proxy refused")
        return far


def _pump(near: socket.socket, far: socket.socket) -> None:
    near.settimeout(_CONNECT_S)
    while True:
        ready, _, _ = select.select([near, far], [], [], _IDLE_S)
        if not ready:
            return
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (far if source is near else near).sendall(data)


@contextlib.contextmanager
def allow_only(hosts: Sequence[str]) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Variables that send a package manager through the proxy, and the hosts that were refused so far."""
    with _Server(hosts) as server:
        thread = threading.Thread(target=server.serve_forever, name="allow-list", daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "npm_config_https_proxy", "npm_config_proxy")
        try:
            yield (
                {**dict.fromkeys(names, url), "NO_PROXY": "", "no_proxy": "", "npm_config_noproxy": ""},
                server.refused,
            )
        finally:
            server.shutdown()
            thread.join(_CONNECT_S)

"""Keeps a replica off the network.

Ray Serve 2.60 opens a gRPC port for calls between deployments on every interface, without credentials, and unpickles
what arrives there (serve/_private/replica.py, `_on_initialized`). On a single machine that port must be loopback
only; there is no option for it. The user's callable is built before that port is opened, so this is in time.
"""

from __future__ import annotations

from typing import Any

import grpc.aio  # type: ignore[import-untyped]


def bind_loopback_only() -> None:
    """Every gRPC server of this process that asks for all interfaces gets 127.0.0.1."""
    server: Any = grpc.aio._server.Server
    if getattr(server, "qlp_loopback", False):
        return
    for name in ("add_insecure_port", "add_secure_port"):
        setattr(server, name, _on_loopback(getattr(server, name)))
    server.qlp_loopback = True


def _on_loopback(original: Any) -> Any:
    def add_port(self: Any, address: str, *rest: Any) -> int:
        host, _, port = address.rpartition(":")
        loopback = f"127.0.0.1:{port}" if host in ("[::]", "0.0.0.0") else address
        return int(original(self, loopback, *rest))

    return add_port

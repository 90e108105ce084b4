"""Requests of Bedrock as botocore (boto3's core) writes and signs them, sent by nobody.

botocore blocks: a call that hangs could neither be cancelled nor kept to a size. So it only validates, serialises and
signs (SigV4 with whatever credentials its chain finds, which may read files or ask a metadata service), in a thread;
the request then goes out over the same bounded client as those of every other provider.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from qlp.providers.endpoint import Endpoint

Operation = Literal["converse", "converse_stream"]


@dataclass(frozen=True)
class SignedRequest:
    url: str
    headers: dict[str, str]
    body: bytes


class _Prepared(Exception):
    """Ends botocore's call where it would send."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


class Signer:
    """For one region and address. Threads may share it."""

    def __init__(self, endpoint: Endpoint, region: str) -> None:
        self._endpoint = endpoint
        self._region = region
        self._client: Any = None
        self._lock = threading.Lock()

    def sign(self, operation: Operation, params: dict[str, Any]) -> SignedRequest:
        """Blocks. Raises botocore.exceptions.BotoCoreError: no credentials, or parameters that it refuses."""
        try:
            getattr(self._connected(), operation)(**params)
        except _Prepared as prepared:
            request = prepared.request
        headers = {str(name): _text(value) for name, value in request.headers.items()}
        if self._endpoint.secret:
            headers["Authorization"] = f"Bearer {self._endpoint.secret}"
        return SignedRequest(url=request.url, headers=headers, body=_bytes(request.body))

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                from botocore import UNSIGNED
                from botocore.config import Config
                from botocore.session import Session

                # A Bedrock API key is a bearer token; the setting wins over the chain's credentials.
                unsigned = {"signature_version": UNSIGNED} if self._endpoint.secret else {}
                session = Session()
                session.register_component("data_loader", _loader())
                self._client = session.create_client(
                    "bedrock-runtime",
                    region_name=self._region,
                    endpoint_url=self._endpoint.base_url,
                    config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, **unsigned),
                )
                self._client.meta.events.register("before-send.bedrock-runtime", _capture)
            return self._client


@cache
def _loader() -> Any:
    """Reading the description of the service takes longer than all the rest: once in a process."""
    from botocore.loaders import create_loader

    return create_loader()


def _capture(request: Any, **_: Any) -> None:
    raise _Prepared(request)


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(body: object) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else str(body).encode()

"""API keys on everything but health and docs: as a Bearer token, or as the password of HTTP Basic."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBearer

from qlp.errors import AuthError
from qlp.security import Principal
from serve_app.backend import Backend

_bearer = HTTPBearer(auto_error=False, description="An API key: `qlp up` shows the first one.")


class _BasicKey(HTTPBasic):
    """The key of `http://anything:KEY@host`, as HTTP clients send what a URL holds; also `http://KEY@host`."""

    async def __call__(self, request: Request) -> str | None:  # type: ignore[override]
        scheme, _, parameter = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(parameter, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        return password or user or None


_basic = _BasicKey(
    auto_error=False,
    scheme_name="HTTPBasic",
    description="For clients that only know a URL: `http://qlp:API_KEY@host:port`.",
)


async def backend_of(request: Request) -> Backend:
    """async: FastAPI sends plain functions to a thread, which costs more than they do."""
    backend: Backend = request.app.state.backend
    return backend


async def key_of(
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    basic: Annotated[str | None, Depends(_basic)],
) -> str | None:
    return bearer.credentials if bearer is not None else basic


Key = Annotated[str | None, Depends(key_of)]
BackendDep = Annotated[Backend, Depends(backend_of)]


async def principal_of(backend: BackendDep, key: Key) -> Principal:
    """Raises AuthError."""
    if key is None:
        raise AuthError("send an API key: `Authorization: Bearer qlp_...`; `qlp up` shows the first one")
    principal = await backend.keys.verify(key)
    if principal is None:
        raise AuthError("this API key is unknown or was revoked")
    return principal


Caller = Annotated[Principal, Depends(principal_of)]

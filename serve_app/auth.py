"""Bearer API keys on everything but health and docs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from qlp.errors import AuthError
from qlp.security import Principal
from serve_app.backend import Backend

_bearer = HTTPBearer(auto_error=False, description="An API key: `qlp up` shows the first one.")


def backend_of(request: Request) -> Backend:
    backend: Backend = request.app.state.backend
    return backend


async def principal_of(
    backend: Annotated[Backend, Depends(backend_of)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """Raises AuthError."""
    if credentials is None:
        raise AuthError("send an API key: `Authorization: Bearer qlp_...`; `qlp up` shows the first one")
    principal = await backend.keys.verify(credentials.credentials)
    if principal is None:
        raise AuthError("this API key is unknown or was revoked")
    return principal


BackendDep = Annotated[Backend, Depends(backend_of)]
Caller = Annotated[Principal, Depends(principal_of)]

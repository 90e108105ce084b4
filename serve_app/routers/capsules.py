"""/v1/capsules: download."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Header
from fastapi import Path as PathParam
from starlette.responses import FileResponse, Response

from qlp.errors import NotFoundError
from serve_app.auth import BackendDep, Caller
from serve_app.digests import digest_headers, known

router = APIRouter(prefix="/v1/capsules", tags=["capsules"])


@router.get("/{capsule_id}/archive", response_class=FileResponse)
async def archive(
    capsule_id: Annotated[str, PathParam(max_length=150)],
    backend: BackendDep,
    caller: Caller,
    format: Literal["zip"] = "zip",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The signed capsule. `Repr-Digest` (RFC 9530) is the sha256 of its bytes; 304 if the ETag is known."""
    name = f"{capsule_id}.{format}"
    if not await backend.runs.owns_capsule(name, caller.tenant):
        raise NotFoundError(f"no capsule {capsule_id}")
    path = await asyncio.to_thread(backend.capsules.path, name)
    digest = await asyncio.to_thread(_sha256, path)
    headers = digest_headers(digest)
    if known(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type="application/zip", filename=name, headers=headers)


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()

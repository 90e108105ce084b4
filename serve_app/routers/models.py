"""/v1/models: what can generate here, in the OpenAI list shape."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from serve_app.auth import BackendDep, Caller

router = APIRouter(prefix="/v1/models", tags=["models"])


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "qlp"


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


@router.get("")
async def list_models(backend: BackendDep, caller: Caller) -> ModelList:
    """qlp-auto routes; qlp-t0 needs no model; the tiers above need the configured models, listed with them."""
    from qlp.pipeline.models import Models

    listing = await Models(backend.settings).listing()
    data = [Model(id="qlp-auto"), Model(id="qlp-t0")]
    if listing.url is not None:
        data += [Model(id="qlp-t1"), Model(id="qlp-t2"), *(Model(id=m, owned_by="provider") for m in listing.models)]
    return ModelList(data=data)

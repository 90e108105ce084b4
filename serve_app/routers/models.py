"""/v1/models: what can be asked by name, in the OpenAI list shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from actors.vllm.declared import served
from actors.vllm.provider import PROVIDER
from qlp.config import Settings
from qlp.errors import ProviderError
from qlp.pipeline.models import Listing, Models
from serve_app.auth import BackendDep, Caller
from serve_app.backend import Backend
from serve_app.openai.run_answer import TIERS

router = APIRouter(prefix="/v1/models", tags=["openai"])


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "qlp"
    """`qlp` for runs, `cluster` for models that this cluster hosts itself, `provider` for the others."""


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


@router.get("")
async def list_models(backend: BackendDep, caller: Caller) -> ModelList:
    """qlp-auto routes; qlp-t0 needs no model; the tiers above need a model, listed with them.

    Any other `provider:model` of a configured provider can be asked too.
    """
    return ModelList(data=await _listed(backend))


@router.get("/{model_id:path}")
async def get_model(model_id: str, backend: BackendDep, caller: Caller) -> Model:
    """404 for a name that is not in the list."""
    found = next((model for model in await _listed(backend) if model.id == model_id), None)
    if found is None:
        raise ProviderError(f"there is no model {model_id!r}; GET /v1/models lists them", reason="not_found")
    return found


async def _listed(backend: Backend) -> list[Model]:
    settings = backend.settings
    listing = await Models(settings).listing()
    others = dict.fromkeys((*_declared(settings), *listing.models))
    runs = [Model(id=name) for name in TIERS if name in ("qlp-auto", "qlp-t0") or _has_models(settings, listing)]
    hosted = f"{PROVIDER}:"
    return [
        *runs,
        *(Model(id=name, owned_by="cluster" if name.startswith(hosted) else "provider") for name in others),
    ]


def _has_models(settings: Settings, listing: Listing) -> bool:
    return listing.url is not None or any(True for _ in _named(settings))


def _declared(settings: Settings) -> Iterator[str]:
    yield from (f"{PROVIDER}:{name}" for name in served(settings.vllm))
    yield from _named(settings)


def _named(settings: Settings) -> Iterator[str]:
    """By the tiers."""
    for tier in (settings.tiers.t0, settings.tiers.t1, settings.tiers.t2, settings.tiers.t3):
        yield from (name for name in (tier.model, *tier.fallbacks) if name)

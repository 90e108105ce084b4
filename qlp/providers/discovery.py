"""Which models can be used here: named by the settings or the environment, or found on this machine."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr, ValidationError

from qlp.config import ModelSettings
from qlp.errors import InputError, ProviderError, ProviderUnavailableError
from qlp.providers.endpoint import Endpoint, is_loopback
from qlp.providers.prices import PricePolicy, provider_id

OPENAI_URL = "https://api.openai.com/v1"
LOCAL_URL = "http://localhost:11434/v1"
PROBE_S = 0.3
"""How long a server on this machine may take to show that it is there, seconds."""
LIST_S = 10.0
_LIST_BYTES = 8_388_608


async def discover(
    settings: ModelSettings, environ: Mapping[str, str] | None = None, *, local_url: str = LOCAL_URL
) -> Endpoint | None:
    """The endpoint that is configured, else a server on localhost, else None. Raises InputError for a bad address.

    Order: settings.models.base_url, OPENAI_BASE_URL, OPENAI_API_KEY (api.openai.com), localhost:11434.
    """
    env = os.environ if environ is None else environ
    key = settings.api_key or (SecretStr(env["OPENAI_API_KEY"]) if env.get("OPENAI_API_KEY") else None)
    if settings.base_url:
        return await _endpoint(settings, settings.base_url, key, "settings")
    if env.get("OPENAI_BASE_URL"):
        return await _endpoint(settings, env["OPENAI_BASE_URL"], key, "environment")
    if key is not None:
        return await _endpoint(settings, OPENAI_URL, key, "openai")
    if await _answers(local_url):
        return await _endpoint(settings, local_url, None, "local")
    return None


async def list_models(endpoint: Endpoint) -> tuple[str, ...]:
    """Ids in the server's order. Raises ProviderUnavailableError or ProviderError."""
    try:
        async with _client(endpoint.base_url, LIST_S) as client, asyncio.timeout(LIST_S):
            status, body = await _get(client, f"{endpoint.base_url}/models", endpoint.secret)
    except (httpx.HTTPError, OSError, TimeoutError) as error:
        cause = type(error).__name__
        raise ProviderUnavailableError(
            f"{endpoint.base_url} cannot be reached ({cause})", reason="connection"
        ) from None
    if status in (401, 403):
        detail = f"{endpoint.base_url} refused the key ({status}); set QLP_MODELS__API_KEY or OPENAI_API_KEY"
        raise ProviderError(detail, reason="auth", upstream_status=status)
    if status != 200:
        raise ProviderError(f"{endpoint.base_url}/models answered {status}", reason="refused", upstream_status=status)
    try:
        return tuple(str(entry["id"]) for entry in json.loads(body)["data"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ProviderError(f"{endpoint.base_url}/models is not a list of models", reason="bad_reply") from None


def choose_model(listed: tuple[str, ...]) -> str | None:
    """The default: the first preferred one that is listed, else the first that looks like a chat model."""
    data = _data()
    preferred = [m for m in data["prefer"] if m in listed]
    chat = [m for m in listed if not any(word in m.lower() for word in data["not_chat"])]
    return next(iter([*preferred, *chat, *listed]), None)


@cache
def _data() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = json.loads((files("qlp.providers") / "data" / "models.json").read_text("utf-8"))
    return loaded


async def _endpoint(settings: ModelSettings, url: str, key: SecretStr | None, source: str) -> Endpoint:
    try:
        endpoint = Endpoint.model_validate(
            {"base_url": url, "api_key": key, "label": "local", "source": source, "price": _price(settings, url)}
        )
    except ValidationError as error:
        # The message is ours; pydantic's own would repeat the address, and with it a password inside it.
        raise InputError(f"models.base_url: {error.errors(include_input=False)[0]['msg']}") from None
    if endpoint.loopback:
        return endpoint
    known = await asyncio.to_thread(provider_id, endpoint.base_url)
    return endpoint.model_copy(update={"label": known or urlsplit(endpoint.base_url).hostname})


def _price(settings: ModelSettings, url: str) -> PricePolicy:
    """A model on this machine has no price per token, unless the settings say otherwise."""
    if "price" not in settings.model_fields_set and is_loopback(url):
        return "free"
    return settings.price


async def _answers(url: str) -> bool:
    try:
        async with _client(url, PROBE_S) as client, asyncio.timeout(PROBE_S):
            status, body = await _get(client, f"{url}/models", None)
        return status == 200 and isinstance(json.loads(body).get("data"), list)
    except (httpx.HTTPError, OSError, TimeoutError, ValueError, AttributeError):
        return False


def _client(url: str, timeout_s: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=timeout_s, trust_env=not is_loopback(url))


async def _get(client: httpx.AsyncClient, url: str, key: str | None) -> tuple[int, bytes]:
    headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {key}"} if key else {})}
    body = b""
    async with client.stream("GET", url, headers=headers) as response:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _LIST_BYTES:
                raise httpx.DecodingError("list of models too long")
    return response.status_code, body

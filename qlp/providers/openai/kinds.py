"""Kinds of providers that speak chat completions."""

from __future__ import annotations

from urllib.parse import urlsplit

from qlp.errors import InputError, ProviderError
from qlp.providers.discovery import LOCAL_URL, OPENAI_URL
from qlp.providers.kinds import ModelProvider, Source
from qlp.providers.openai_compatible import OpenAICompatible

_OWN = ("api.openai.com",)


class OpenAIKind:
    """`openai`: any OpenAI-compatible address, by default the public service."""

    def connect(self, source: Source) -> ModelProvider:
        given = source.settings.base_url or source.environ.get("OPENAI_BASE_URL") or OPENAI_URL
        key = source.key(given, ("OPENAI_API_KEY",), _OWN)
        names = f"{source.variable('api_key')} or OPENAI_API_KEY"
        if key is None and urlsplit(given).hostname in _OWN:
            raise ProviderError(f"no key for {source.name} ({given}): set {names}", reason="auth")
        return _compatible(source, given, key_name=names)


class OllamaKind:
    """`ollama`: on this machine, or where OLLAMA_HOST says."""

    def connect(self, source: Source) -> ModelProvider:
        return _compatible(source, source.settings.base_url or _ollama(source.environ.get("OLLAMA_HOST", "")))


class VllmKind:
    """`vllm`: a model that this cluster hosts itself, or a server of your own at `base_url`."""

    def connect(self, source: Source) -> ModelProvider:
        if source.settings.base_url is not None:
            return _compatible(source, source.settings.base_url)
        hosts = source.hosts
        found = None if hosts is None else hosts(source.model) if callable(hosts) else hosts.get(source.model)
        if found is None:
            raise InputError(
                f"{source.name}:{source.model} is not hosted here: declare it in the settings (vllm.models) of a "
                f"cluster started by `qlp up`, or set {source.variable('base_url')} to a vLLM server"
            )
        return found


def _compatible(source: Source, base_url: str, *, key_name: str = "") -> ModelProvider:
    key = source.key(base_url, ("OPENAI_API_KEY",) if key_name else (), _OWN)
    endpoint = source.endpoint(base_url, key, key_name=key_name)
    return OpenAICompatible(endpoint, source.model, breaker=source.breakers.of(endpoint.base_url, source.model))


def _ollama(host: str) -> str:
    """OLLAMA_HOST is `host`, `host:port` or an address; 0.0.0.0 is what the server listens on, not where it is."""
    if not host:
        return LOCAL_URL
    parts = urlsplit(host if "://" in host else f"http://{host}")
    name = "localhost" if parts.hostname in ("0.0.0.0", None) else parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 11434)
    return f"{parts.scheme}://{name}:{port}/v1"


OPENAI = OpenAIKind()
OLLAMA = OllamaKind()
VLLM = VllmKind()

"""Kinds of providers, found by the entry point group `qlp.providers`: ours and plug-ins alike.

The name of an entry point is the kind's, and that of a provider without settings of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from qlp.config import ProviderSettings
from qlp.errors import InputError, ProviderError, QLPError
from qlp.providers.breaker import Breakers
from qlp.providers.endpoint import Endpoint, is_loopback
from qlp.providers.prices import PricePolicy
from qlp.providers.protocol import StreamingProvider

GROUP = "qlp.providers"


class ModelProvider(StreamingProvider, Protocol):
    """One model, connected. `endpoint` and `model` say what to look up in a price table."""

    model: str
    endpoint: Endpoint

    async def aclose(self) -> None: ...


Hosts = Callable[[str], ModelProvider | None] | Mapping[str, ModelProvider]
"""Models that this cluster hosts itself, by the name after `vllm:`."""


@dataclass(frozen=True)
class Source:
    """What is known about one model before it is connected."""

    name: str
    """Provider part of `provider:model`."""
    model: str
    settings: ProviderSettings
    environ: Mapping[str, str]
    breakers: Breakers
    hosts: Hosts | None = None

    def variable(self, field: str) -> str:
        """Where one of its settings is set: a variable, unless its name can be part of none."""
        if self.name.isidentifier():
            return f"QLP_PROVIDERS__{self.name.upper()}__{field.upper()}"
        return f"providers.{self.name}.{field} (config.yaml)"

    def key(self, base_url: str, variables: tuple[str, ...], own_hosts: tuple[str, ...]) -> SecretStr | None:
        """The setting's key, else the first variable's if the address is the service's own: a key in the environment
        was not meant for whatever address a file names."""
        if self.settings.api_key is not None:
            return self.settings.api_key
        host = urlsplit(base_url).hostname or ""
        if self.settings.base_url is not None and not any(host == own or host.endswith("." + own) for own in own_hosts):
            return None
        return next((SecretStr(self.environ[name]) for name in variables if self.environ.get(name)), None)

    def needed_key(self, base_url: str, variables: tuple[str, ...], own_hosts: tuple[str, ...]) -> SecretStr | None:
        """None only for a server on this machine. Raises ProviderError(reason="auth") that names the variables."""
        key = self.key(base_url, variables, own_hosts)
        if key is None and not is_loopback(base_url):
            names = " or ".join(dict.fromkeys((self.variable("api_key"), *variables)))
            raise ProviderError(f"no key for {self.name} ({base_url}): set {names}", reason="auth")
        return key

    def endpoint(self, base_url: str, key: SecretStr | None, *, key_name: str = "") -> Endpoint:
        """Raises InputError for an address that is none."""
        try:
            return Endpoint(
                base_url=base_url,
                api_key=key,
                label=self.name,
                source="settings",
                price=self._price(base_url),
                key_name=key_name or self.variable("api_key"),
            )
        except ValidationError as error:
            # The message is ours; pydantic's own would repeat the address, and with it a password inside it.
            problem = error.errors(include_input=False)[0]["msg"]
            raise InputError(f"providers.{self.name}.base_url: {problem}") from None

    def _price(self, base_url: str) -> PricePolicy:
        if "price" not in self.settings.model_fields_set and is_loopback(base_url):
            return "free"
        return self.settings.price


@runtime_checkable
class ProviderKind(Protocol):
    """What an entry point of the group names."""

    def connect(self, source: Source) -> ModelProvider:
        """Sends nothing. Raises InputError for settings that cannot work, ProviderError for a key or package that is
        missing (reasons `auth`, `unsupported`)."""


@cache
def kinds() -> dict[str, ProviderKind]:
    """Every installed kind. Raises QLPError for an entry point that is none, or a name used twice."""
    found: dict[str, ProviderKind] = {}
    for entry in entry_points(group=GROUP):
        loaded: Any = entry.load()
        if not isinstance(loaded, ProviderKind):
            raise QLPError(f"the plug-in {entry.value} of {GROUP} is no qlp.providers.kinds.ProviderKind")
        if entry.name in found:
            raise QLPError(f"two plug-ins of {GROUP} are called {entry.name!r}; remove one")
        found[entry.name] = loaded
    return found


def need_package(package: str, extra: str, provider: str) -> None:
    """Raises ProviderError(reason="unsupported") that names the command which installs it."""
    if find_spec(package) is None:
        raise ProviderError(f"{provider} needs the package {package}: pip install 'qlp[{extra}]'", reason="unsupported")

"""An address that serves models, and what is known about it before the first call."""

from __future__ import annotations

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from qlp.models._base import Frozen
from qlp.providers.prices import PricePolicy


class Endpoint(Frozen):
    """Where and how models are reached. The key is a SecretStr: it shows in no repr, log or error."""

    base_url: str
    """Such as https://api.openai.com/v1, without a trailing slash."""
    api_key: SecretStr | None = Field(default=None, repr=False)
    label: str
    """Provider part of `provider:model`."""
    source: Literal["settings", "environment", "openai", "local"]
    """What named it: settings.models.base_url, OPENAI_BASE_URL, OPENAI_API_KEY, or a server found on localhost."""
    price: PricePolicy = "table"
    key_name: str = "QLP_MODELS__API_KEY or OPENAI_API_KEY"
    """Where its key is set, for messages to the user."""

    @field_validator("base_url")
    @classmethod
    def _plain_http(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a base URL is http(s)://host[:port]/path")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("a base URL carries no user, password or query: keys go to QLP_MODELS__API_KEY")
        return value.strip().rstrip("/")

    @property
    def loopback(self) -> bool:
        return is_loopback(self.base_url)

    @property
    def secret(self) -> str | None:
        return self.api_key.get_secret_value() if self.api_key else None

    def redact(self, text: str) -> str:
        """Server text without the key that some servers echo."""
        return text.replace(self.secret, "***") if self.secret else text


def is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

from __future__ import annotations

from datetime import datetime
from typing import Literal

from qlp.models._base import Frozen

Role = Literal["admin", "developer"]
"""Recorded, so that keys keep their meaning when roles restrict; so far both may do everything in their tenant."""


class Principal(Frozen):
    """Who asks, as far as an API key tells."""

    key_id: str
    tenant: str
    role: Role


class ApiKey(Frozen):
    """What is kept of a key; the key itself is not."""

    id: str
    prefix: str
    """First characters of the key, so that a user recognises it."""
    tenant: str
    role: Role
    created_at: datetime
    revoked_at: datetime | None = None

"""API keys at rest: a keyed hash and a visible prefix, never the key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from qlp.errors import NotFoundError
from qlp.security.api_keys import Pepper, new_key
from qlp.security.principal import ApiKey, Principal, Role
from qlp.store import schema
from qlp.store.engine import Database
from qlp.store.events import utc_now


class KeyStore:
    def __init__(self, database: Database, pepper: Pepper, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._pepper = pepper
        self._clock = clock

    async def create(self, *, tenant: str, role: Role = "admin") -> tuple[ApiKey, str]:
        """The stored record and the key itself, which is shown once and not kept."""
        key_id, prefix, key = new_key()
        now = self._clock()
        row = {
            "id": key_id,
            "prefix": prefix,
            "digest": self._pepper.digest(key),
            "tenant": tenant,
            "role": role,
            "created_at": now.timestamp(),
        }
        await self._database.write(lambda connection: connection.execute(schema.api_keys.insert().values(**row)))
        return ApiKey(id=key_id, prefix=prefix, tenant=tenant, role=role, created_at=now), key

    async def verify(self, key: str) -> Principal | None:
        """Who the key speaks for; None if it is unknown or revoked.

        The look-up is by keyed hash, so its timing says nothing about the key.
        """
        table = schema.api_keys
        query = sa.select(table).where(table.c.digest == self._pepper.digest(key), table.c.revoked_at.is_(None))
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return Principal(key_id=row.id, tenant=row.tenant, role=row.role) if row is not None else None

    async def revoke(self, key_id: str, *, tenant: str) -> None:
        """Works at once on every replica. Raises NotFoundError."""
        table = schema.api_keys
        update = (
            table.update()
            .where(table.c.id == key_id, table.c.tenant == tenant, table.c.revoked_at.is_(None))
            .values(revoked_at=self._clock().timestamp())
        )
        changed = await self._database.write(lambda connection: connection.execute(update).rowcount)
        if not changed:
            raise NotFoundError(f"no active key {key_id}")

    async def list(self, *, tenant: str) -> tuple[ApiKey, ...]:
        table = schema.api_keys
        query = sa.select(table).where(table.c.tenant == tenant).order_by(table.c.created_at)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(_record(row) for row in rows)


def _record(row: sa.Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        prefix=row.prefix,
        tenant=row.tenant,
        role=row.role,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        revoked_at=datetime.fromtimestamp(row.revoked_at, UTC) if row.revoked_at else None,
    )

"""The tables, and the version that they carry."""

from __future__ import annotations

import sqlalchemy as sa

from qlp.errors import StorageError
from qlp.store.engine import Database

SCHEMA_VERSION = 2

metadata = sa.MetaData()

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("problem", sa.Text),
    sa.Column("capsule", sa.String(160), index=True),  # file name of the outcome's capsule
    sa.Column("executor", sa.String(64)),  # who advances it now
    sa.Column("attempt", sa.Integer, nullable=False, default=0),  # how often it was claimed
    sa.Column("crashes", sa.Integer, nullable=False, default=0),  # claims taken over from a dead executor
    sa.Column("started_at", sa.Double),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
    sa.Column("api_key", sa.String(64)),  # id of the key that asked for it; since version 2, as all that follow
    sa.Column("user_id", sa.String(128)),  # on whose behalf
    sa.Index("runs_by_tenant", "tenant", "position"),
    sa.Index("runs_by_status", "status", "position"),
    sqlite_autoincrement=True,
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("run_id", sa.String(64), sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("sequence_number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("dedupe_key", sa.String(255), nullable=False),
    sa.Column("type", sa.String(48), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.UniqueConstraint("run_id", "dedupe_key"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("prefix", sa.String(16), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("revoked_at", sa.Double),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("tenant", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("body_digest", sa.String(64), nullable=False),
    sa.Column("run_id", sa.String(64), sa.ForeignKey("runs.id"), nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)


def create_all(database: Database) -> None:
    """Make what is missing, in older databases too. Raises StorageError for one that a newer QLP wrote."""

    def create(connection: sa.Connection) -> None:
        metadata.create_all(connection)
        found = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema_version"))
        if found is None:
            connection.execute(meta.insert().values(key="schema_version", value=str(SCHEMA_VERSION)))
        elif int(found) > SCHEMA_VERSION:
            raise StorageError(
                f"the store was written by a newer QLP (schema {found}, this one knows {SCHEMA_VERSION}): upgrade QLP",
                found=int(found),
                known=SCHEMA_VERSION,
            )
        elif int(found) < SCHEMA_VERSION:
            _add_columns(connection)
            connection.execute(meta.update().where(meta.c.key == "schema_version").values(value=str(SCHEMA_VERSION)))

    database.write_now(create)


def _add_columns(connection: sa.Connection) -> None:
    """Columns that later versions gave to tables; all of them may be null, so that old rows need no care."""
    inspector = sa.inspect(connection)
    for table in (runs,):
        there = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                kind = column.type.compile(connection.dialect)
                connection.execute(sa.text(f'ALTER TABLE {table.name} ADD COLUMN "{column.name}" {kind}'))

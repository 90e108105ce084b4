"""Runs and their state machine: every change of status and its event are one transaction.

queued -> working -> completed | failed
queued, working -> cancelled -> queued (resume)
working -> input_required -> queued (resume): a budget is used up, and only its owner can raise it
working -> working (another executor takes over from a dead one)
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from qlp.errors import ConflictError, IdempotencyMismatchError, NotFoundError, OverloadedError
from qlp.models import Outcome, Problem, Request, Run
from qlp.models._base import Frozen
from qlp.store import schema
from qlp.store.engine import Database
from qlp.store.events import append, utc_now

IDEMPOTENCY_TTL = timedelta(hours=24)
MAX_CRASHES = 20
"""Takeovers of one run from dead executors before it is failed: it probably kills them."""


class RunPage(Frozen):
    data: tuple[Run, ...]
    has_more: bool


class Claim(Frozen):
    """A run that an executor has just taken: what it needs to go on."""

    run: Run
    attempt: int
    started_at: datetime
    """First start; the deadline counts from here."""


def new_run_id() -> str:
    return "run_" + secrets.token_hex(12)


def _run(row: sa.Row[Any]) -> Run:
    return Run(
        id=row.id,
        status=row.status,
        tenant=row.tenant,
        request=Request.model_validate_json(row.request),
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        updated_at=datetime.fromtimestamp(row.updated_at, UTC),
        outcome=Outcome.model_validate_json(row.outcome) if row.outcome else None,
        problem=Problem.model_validate_json(row.problem) if row.problem else None,
    )


class RunStore:
    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = new_run_id,
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def create(
        self,
        request: Request,
        *,
        tenant: str,
        queue_limit: int,
        idempotency_key: str | None = None,
        api_key: str | None = None,
        user: str | None = None,
    ) -> tuple[Run, bool]:
        """A queued run, and whether it is new. `api_key` (its id) and `user` say whose money it spends.

        Raises OverloadedError, IdempotencyMismatchError, StorageError.
        """
        body = request.model_dump_json()
        digest = hashlib.sha256(body.encode()).hexdigest()
        now = self._clock()

        def insert(connection: sa.Connection) -> tuple[Run, bool]:
            keys = schema.idempotency
            if idempotency_key is not None:
                connection.execute(keys.delete().where(keys.c.expires_at < now.timestamp()))
                known = connection.execute(
                    sa.select(keys).where(keys.c.tenant == tenant, keys.c.key == idempotency_key)
                ).one_or_none()
                if known is not None:
                    if known.body_digest != digest:
                        raise IdempotencyMismatchError("this Idempotency-Key was used with another body")
                    return self._one(connection, known.run_id, tenant), False
            waiting = connection.scalar(
                sa.select(sa.func.count()).select_from(schema.runs).where(schema.runs.c.status == "queued")
            )
            if (waiting or 0) >= queue_limit:
                raise OverloadedError(f"{waiting} runs are waiting; try again later", retry_after_s=5)
            run_id = self._new_id()
            connection.execute(
                schema.runs.insert().values(
                    id=run_id,
                    tenant=tenant,
                    api_key=api_key,
                    user_id=user,
                    status="queued",
                    request=body,
                    created_at=now.timestamp(),
                    updated_at=now.timestamp(),
                )
            )
            if idempotency_key is not None:
                connection.execute(
                    keys.insert().values(
                        tenant=tenant,
                        key=idempotency_key,
                        body_digest=digest,
                        run_id=run_id,
                        expires_at=(now + IDEMPOTENCY_TTL).timestamp(),
                    )
                )
            append(connection, run_id, "created", "run.created", {"status": "queued"}, now)
            return self._one(connection, run_id, tenant), True

        return await self._database.write(insert)

    async def is_known(self, idempotency_key: str, *, tenant: str) -> bool:
        """Whether `create` would answer with a run that there is already, or with a mismatch."""
        keys, now = schema.idempotency, self._clock().timestamp()
        query = sa.select(keys.c.run_id).where(
            keys.c.tenant == tenant, keys.c.key == idempotency_key, keys.c.expires_at >= now
        )
        return await self._database.read(lambda connection: connection.scalar(query)) is not None

    async def get(self, run_id: str, *, tenant: str | None = None) -> Run:
        """Raises NotFoundError, also for a run of another tenant. `tenant` None is for the platform itself."""
        return await self._database.read(lambda connection: self._one(connection, run_id, tenant))

    async def list(
        self, *, tenant: str, limit: int = 20, after: str | None = None, order: Literal["asc", "desc"] = "desc"
    ) -> RunPage:
        """Newest first by default. Raises NotFoundError if `after` is not a run of this tenant."""

        def select(connection: sa.Connection) -> RunPage:
            table = schema.runs
            query = sa.select(table).where(table.c.tenant == tenant)
            if after is not None:
                start = connection.scalar(
                    sa.select(table.c.position).where(table.c.id == after, table.c.tenant == tenant)
                )
                if start is None:
                    raise NotFoundError(f"no run {after}")
                query = query.where(table.c.position > start if order == "asc" else table.c.position < start)
            query = query.order_by(table.c.position.asc() if order == "asc" else table.c.position.desc())
            rows = connection.execute(query.limit(limit + 1)).all()
            return RunPage(data=tuple(_run(r) for r in rows[:limit]), has_more=len(rows) > limit)

        return await self._database.read(select)

    async def claim(
        self, executor: str, *, live: Collection[str], busy: Collection[str] = (), only: str | None = None
    ) -> Claim | None:
        """Take the oldest run that waits, or that a dead executor left; None if there is none.

        `live` names the executors that still run; `busy` the runs that this one is advancing (another run under its
        name is a loose end); `only` restricts the claim to one run.
        """

        def take(connection: sa.Connection) -> Claim | None:
            table = schema.runs
            loose = sa.and_(table.c.executor == executor, table.c.id.not_in(list(busy)))
            dead = sa.or_(table.c.executor.is_(None), table.c.executor.not_in(list(live)))
            orphan = sa.and_(table.c.status == "working", sa.or_(dead, loose))
            query = sa.select(table).where(sa.or_(table.c.status == "queued", orphan)).order_by(table.c.position)
            if only is not None:
                query = query.where(table.c.id == only)
            row = connection.execute(query.limit(1)).one_or_none()
            if row is None:
                return None
            now = self._clock()
            crashed = row.status == "working"
            started = row.started_at or now.timestamp()
            connection.execute(
                table.update()
                .where(table.c.id == row.id)
                .values(
                    status="working",
                    executor=executor,
                    attempt=row.attempt + 1,
                    crashes=row.crashes + int(crashed),
                    started_at=started,
                    updated_at=now.timestamp(),
                )
            )
            if crashed and row.crashes + 1 > MAX_CRASHES:
                self._end(connection, row.id, problem=_poisonous(row.crashes + 1))
                return None
            data = {"attempt": row.attempt + 1, "recovered": crashed}
            append(connection, row.id, f"in_progress:{row.attempt + 1}", "run.in_progress", data, now)
            return Claim(
                run=self._one(connection, row.id, None),
                attempt=row.attempt + 1,
                started_at=datetime.fromtimestamp(started, UTC),
            )

        return await self._database.write(take)

    async def finish(self, run_id: str, *, outcome: Outcome | None = None, problem: Problem | None = None) -> bool:
        """End a working run; False if it is not working any more (cancelled, or ended before a replay)."""

        def end(connection: sa.Connection) -> bool:
            status = connection.scalar(sa.select(schema.runs.c.status).where(schema.runs.c.id == run_id))
            if status != "working":
                return False
            self._end(connection, run_id, outcome=outcome, problem=problem)
            return True

        return await self._database.write(end)

    async def pause(self, run_id: str, problem: Problem) -> bool:
        """A working run waits for its user, who is told what is needed; False if it is not working any more."""

        def wait(connection: sa.Connection) -> bool:
            status = connection.scalar(sa.select(schema.runs.c.status).where(schema.runs.c.id == run_id))
            if status != "working":
                return False
            now = self._clock()
            told = problem.model_dump_json()
            attempt = self._set(connection, run_id, now, status="input_required", executor=None, problem=told)
            data = {"problem": problem.model_dump(mode="json")}
            append(connection, run_id, f"input_required:{attempt}", "run.input_required", data, now)
            return True

        return await self._database.write(wait)

    async def cancel(self, run_id: str, *, tenant: str) -> Run:
        """Cancelled, or as it was if it has ended. Raises NotFoundError."""

        def mark(connection: sa.Connection) -> Run:
            run = self._one(connection, run_id, tenant)
            if run.status in ("queued", "working", "input_required"):
                now = self._clock()
                attempt = self._set(connection, run_id, now, status="cancelled", problem=None)
                append(connection, run_id, f"cancelled:{attempt}", "run.cancelled", {}, now)
            return self._one(connection, run_id, tenant)

        return await self._database.write(mark)

    async def resume(self, run_id: str, *, tenant: str, live: Collection[str]) -> Run:
        """Queue a cancelled, paused or orphaned run again. Raises NotFoundError, ConflictError for any other state."""

        def requeue(connection: sa.Connection) -> Run:
            run = self._one(connection, run_id, tenant)
            executor = connection.scalar(sa.select(schema.runs.c.executor).where(schema.runs.c.id == run_id))
            orphan = run.status == "working" and executor not in live
            if run.status == "queued":
                return run
            if run.status not in ("cancelled", "input_required") and not orphan:
                hint = "submit the request again" if run.status == "failed" else "nothing to resume"
                raise ConflictError(f"run {run_id} is {run.status}: {hint}", status=run.status)
            now = self._clock()
            # A run that waited for its user must not find its deadline spent: the clock starts again.
            self._set(connection, run_id, now, status="queued", executor=None, started_at=None, problem=None)
            return self._one(connection, run_id, tenant)

        return await self._database.write(requeue)

    async def owns_capsule(self, capsule: str, *, tenant: str) -> bool:
        """Whether a run of this tenant made the capsule of this file name."""
        table = schema.runs
        query = sa.select(table.c.id).where(table.c.capsule == capsule, table.c.tenant == tenant).limit(1)
        return await self._database.read(lambda connection: connection.scalar(query)) is not None

    async def statuses(self, run_ids: Collection[str]) -> dict[str, str]:
        """Status by id, for an executor that checks what it is working on."""
        table = schema.runs

        def select(connection: sa.Connection) -> dict[str, str]:
            rows = connection.execute(sa.select(table.c.id, table.c.status).where(table.c.id.in_(list(run_ids))))
            return {row.id: row.status for row in rows}

        return await self._database.read(select)

    def _one(self, connection: sa.Connection, run_id: str, tenant: str | None) -> Run:
        query = sa.select(schema.runs).where(schema.runs.c.id == run_id)
        if tenant is not None:
            query = query.where(schema.runs.c.tenant == tenant)
        row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(f"no run {run_id}")
        return _run(row)

    def _set(self, connection: sa.Connection, run_id: str, now: datetime, **values: object) -> int:
        """Update and return the run's attempt number, which makes keys of repeatable events unique."""
        table = schema.runs
        connection.execute(table.update().where(table.c.id == run_id).values(updated_at=now.timestamp(), **values))
        return int(connection.scalar(sa.select(table.c.attempt).where(table.c.id == run_id)) or 0)

    def _end(
        self,
        connection: sa.Connection,
        run_id: str,
        *,
        outcome: Outcome | None = None,
        problem: Problem | None = None,
    ) -> None:
        now = self._clock()
        status: Literal["completed", "failed"] = "failed" if problem else "completed"
        self._set(
            connection,
            run_id,
            now,
            status=status,
            outcome=outcome.model_dump_json() if outcome else None,
            capsule=outcome.capsule if outcome else None,
            problem=problem.model_dump_json() if problem else None,
        )
        if problem is not None:
            append(connection, run_id, "ended", "run.failed", {"problem": problem.model_dump(mode="json")}, now)
        else:
            data = {"outcome": outcome.model_dump(mode="json") if outcome else None}
            append(connection, run_id, "ended", "run.completed", data, now)


def _poisonous(crashes: int) -> Problem:
    detail = f"the worker died {crashes} times while it worked on this run"
    return Problem(code="internal_error", detail=detail, extra={"crashes": crashes})

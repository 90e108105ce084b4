"""What callers may ask of sandboxd and what it answers: the whole vocabulary."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from qlp.errors import InputError, QLPError, SandboxProtocolError, SandboxUnavailableError, error_class
from qlp.models import Isolation
from qlp.models._base import Frozen
from qlp.sandbox.protocol import Limits

Id = Annotated[int, Field(ge=1, le=2**53)]


class Acquire(Frozen):
    """A fresh container. Answered by `Granted` with two descriptors: the connection to process 1, the lease's lock."""

    op: Literal["acquire"] = "acquire"
    id: Id
    profile: str = Field(max_length=128)
    tenant: str = Field(max_length=256)
    limits: Limits = Limits()
    runtime: str | None = Field(default=None, max_length=64)


class Release(Frozen):
    """Destroy a container that this connection acquired. Answered by `Released` when it is gone."""

    op: Literal["release"] = "release"
    id: Id
    container: str = Field(max_length=64)


class Stats(Frozen):
    """Answered by `Told`."""

    op: Literal["stats"] = "stats"
    id: Id


Ask = Annotated[Acquire | Release | Stats, Field(discriminator="op")]
_ASK: TypeAdapter[Acquire | Release | Stats] = TypeAdapter(Ask)


class Granted(Frozen):
    id: Id
    container: str
    isolation: Isolation


class Released(Frozen):
    id: Id
    released: bool


class DaemonStats(Frozen):
    """What `qlp doctor` and `qlp status` show."""

    pid: int
    uid: int
    dropped: bool
    """Whether it gave up root for an unprivileged user; False where it was started by one."""
    engine: str
    """URL of the engine."""
    engine_version: str
    """Empty if the engine does not answer; `trouble` says why."""
    trouble: str = ""
    profiles: tuple[str, ...] = ()
    """Image profiles whose image is there."""
    images: dict[str, str] = {}
    """Profile -> id of its image."""
    runtimes: tuple[str, ...] = ()
    open: int
    """Containers on lease, or being made."""
    most_open: int
    clients: int
    acquired: int
    """Since its start."""
    reaped: int
    started_at: float
    """Seconds since the epoch."""


class Told(Frozen):
    id: Id
    stats: DaemonStats


class Refused(Frozen):
    id: int
    """0 if the request had no readable id."""
    error: str
    """`code` of a class in qlp.errors."""
    detail: str
    extra: dict[str, Any] = {}


Answer = Granted | Released | Told | Refused


def read_ask(message: dict[str, Any]) -> Acquire | Release | Stats:
    """Raises InputError that names the field."""
    try:
        return _ASK.validate_python(message, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"sandboxd does not take this request: {where}: {first['msg']}") from error


def id_of(message: dict[str, Any]) -> int:
    found = message.get("id")
    return found if isinstance(found, int) and 0 < found <= 2**53 else 0


def refused(id: int, error: QLPError) -> Refused:
    extra = {k: v for k, v in error.extra.items() if isinstance(v, str | int | float | bool)}
    return Refused(id=id, error=error.code, detail=error.detail[:4000], extra=extra)


def raised(answer: Refused) -> QLPError:
    """The error that a refusal stands for, in its own class."""
    kind = error_class(answer.error)
    if not issubclass(kind, QLPError) or kind is QLPError:
        kind = SandboxUnavailableError
    return kind(answer.detail, **answer.extra)


def read_answer(message: dict[str, Any]) -> Answer:
    """Raises SandboxProtocolError."""
    kinds: dict[str, type[Answer]] = {
        "isolation": Granted, "released": Released, "stats": Told, "error": Refused,
    }  # fmt: skip
    try:
        return next(kind for key, kind in kinds.items() if key in message).model_validate(message)
    except (StopIteration, ValidationError) as error:
        raise SandboxProtocolError(f"sandboxd answered what nobody can read: {error!r}") from error

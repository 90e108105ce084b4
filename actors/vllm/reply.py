"""What crosses between a replica and those who ask it."""

from __future__ import annotations

from qlp.models._base import Frozen


class EngineReply(Frozen):
    """A whole answer, or a refusal: `body` is JSON in OpenAI's shape, status 200 is success."""

    status: int
    body: str


class EngineStats(Frozen):
    """Of one engine. `running` and `waiting` are its scheduler's own words at its last step."""

    unfinished: int
    """Requests that were given to the engine and have not ended."""
    running: int
    waiting: int
    finished: int
    """Requests that ended by themselves since the start, aborted ones not counted."""
    cache_usage: float
    """Share of the KV cache that is taken, 0 to 1."""
    queried: int
    """Prompt tokens that were looked up in the prefix cache since the start."""
    hit: int
    """Those that were found there."""


class ReplicaStatus(Frozen):
    """Of one replica of a model."""

    replica: str
    pid: int
    gpus: tuple[str, ...]
    """Ids of the GPUs that Ray gave it."""
    ready_s: float
    """How long loading took, seconds."""
    engine: EngineStats

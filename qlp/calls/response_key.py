"""When two model calls are the same call, and which of them may be answered from the cache."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from qlp.providers.protocol import ChatOptions, Completion, Message

_LAYOUT = 1
"""Raised when a stored answer no longer means what it meant."""

CacheMode = Literal["deterministic", "replay"]


def is_deterministic(options: ChatOptions) -> bool:
    """Whether asking again asks for the same answer: temperature 0, or a seed. Who wants another one changes the
    seed, the temperature or the prompt, as one must with the model itself."""
    seeded = options.seed is not None or isinstance(options.extra_body.get("seed"), int)
    return seeded or options.temperature == 0


def key_of(
    messages: tuple[Message, ...],
    options: ChatOptions,
    *,
    model: str,
    address: str,
    tenant: str,
    mode: CacheMode,
    idempotency_key: str,
) -> str | None:
    """Digest of all that an answer depends on, and of whose it is; None: this call is not to be cached.

    A sampled call (temperature above 0, no seed) is equal only to itself: its idempotency key, which names run, task
    and attempt, is part of the key. So a step that is repeated after a crash finds its answer, and a new attempt, a
    new candidate or a new run samples afresh. `deterministic` leaves sampled calls out altogether.

    `address` says where the models are reached (of all links of a chain): the same name elsewhere is another model.
    The deadline is no part of the question.
    """
    deterministic = is_deterministic(options)
    if not deterministic and mode == "deterministic":
        return None
    record = {
        "layout": _LAYOUT,
        "tenant": tenant,
        "address": address,
        "model": model,
        "messages": [m.model_dump(mode="json") for m in messages],
        "options": options.model_dump(mode="json", by_alias=True, exclude={"timeout_s"}),
        "call": None if deterministic else idempotency_key,
    }
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def is_storable(completion: Completion, options: ChatOptions) -> bool:
    """Only what was asked for: all samples, and for an answer that others will get, by the model that was asked."""
    if len(completion.texts) < options.n or completion.cached:
        return False
    return not (completion.fallbacks and is_deterministic(options))

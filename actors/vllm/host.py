"""The replica: one engine behind Serve. `actors.vllm.builder` makes the deployment."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import ray
from ray import serve

from actors.loopback import bind_loopback_only
from actors.vllm.engine import Engine
from actors.vllm.frames import framed
from actors.vllm.reply import EngineReply, ReplicaStatus
from actors.vllm.weights import local
from qlp.config import VllmModelSettings

log = logging.getLogger(__name__)


class Host:
    """A shell around `Engine`. Callers are cancelled with their caller: that frees the engine's place at once."""

    async def __init__(self, name: str, model: dict[str, Any], home: str, loopback: bool) -> None:  # type: ignore[misc]  # Serve awaits it
        if loopback:
            bind_loopback_only()
        self._settings = VllmModelSettings.model_validate(model)
        began = time.monotonic()
        async with asyncio.timeout(self._settings.start_s):
            weights = await local(self._settings.source or name, Path(home))
            adapters = {key: await local(value, Path(home)) for key, value in self._settings.adapters.items()}
            self._engine = await Engine.start(name, self._settings, weights, adapters)
        self._ready_s = time.monotonic() - began
        log.info("%s is ready after %.1f s", name, self._ready_s)

    async def chat(self, body: dict[str, Any]) -> EngineReply:
        return await self._engine.chat(body)

    async def chat_stream(self, body: dict[str, Any]) -> AsyncIterator[EngineReply | bytes]:
        """Server-sent events in frames, or one refusal."""
        events = await self._engine.chat_stream(body)
        if isinstance(events, EngineReply):
            yield events
            return
        async with contextlib.aclosing(framed(events, self._settings.frame_ms / 1000)) as frames:
            async for frame in frames:
                yield frame

    async def status(self) -> ReplicaStatus:
        return ReplicaStatus(
            replica=serve.get_replica_context().replica_id.unique_id,
            pid=os.getpid(),
            gpus=tuple(str(gpu) for gpu in ray.get_gpu_ids()),
            ready_s=self._ready_s,
            engine=self._engine.stats,
        )

    async def check_health(self) -> None:
        """Serve replaces the replica when this raises."""
        await self._engine.check()

    def __del__(self) -> None:
        engine = getattr(self, "_engine", None)
        if engine is not None:
            engine.stop()

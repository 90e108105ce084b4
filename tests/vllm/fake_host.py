"""A replica without an engine, for tests of where replicas are put and which one is asked."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import ray
from ray import serve

from actors.vllm.reply import EngineReply, EngineStats, ReplicaStatus

STATS = EngineStats(unfinished=0, running=0, waiting=0, finished=0, cache_usage=0, queried=0, hit=0)


class FakeHost:
    async def __init__(self, name: str, model: dict[str, Any], home: str, loopback: bool) -> None:
        self._gate = asyncio.Event()
        self._replica = serve.get_replica_context().replica_id.unique_id

    async def chat(self, body: dict[str, Any]) -> EngineReply:
        """Its replica's id; `wait` keeps it until somebody opens the gate."""
        if body.get("wait"):
            await self._gate.wait()
        return EngineReply(status=200, body=self._replica)

    async def open_gate(self) -> None:
        self._gate.set()

    async def status(self) -> ReplicaStatus:
        gpus = tuple(str(gpu) for gpu in ray.get_gpu_ids())
        return ReplicaStatus(replica=self._replica, pid=os.getpid(), gpus=gpus, ready_s=0, engine=STATS)

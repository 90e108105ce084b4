"""One run worker with the fake pipeline, and what a test wants to know about it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import ray

from actors.client import RayWorkers, RunService, open_service
from actors.run_worker import WorkerHealth, start_worker
from actors.worker_args import PipelineNames, WorkerArgs
from qlp.config import RunSettings, Settings
from qlp.models import Request, Run

FAKE = PipelineNames(
    run="tests.ray.fake_pipeline:run_pipeline",
    task="tests.ray.fake_pipeline:run_task",
    services="tests.ray.fake_pipeline:build_services",
)


class DurablePlatform:
    """One worker over a home of its own, and the service in front of it."""

    def __init__(self, home: Path, namespace: str, name: str) -> None:
        self.home = home
        self.namespace = namespace
        self.name = name
        self.settings = Settings(home=home, runs=RunSettings(queue_limit=3, concurrency=2))
        self.worker: Any = start_worker(
            WorkerArgs.of(self.settings, name=name, pipeline=FAKE), namespace=namespace, detached=False
        )
        self.service: RunService = open_service(self.settings, RayWorkers((name,), namespace))

    async def health(self) -> WorkerHealth:
        """Of the worker that lives now; waits for one that restarts."""
        for _ in range(240):
            try:
                return await asyncio.wait_for(asyncio.wrap_future(self.worker.health.remote().future()), 60)
            except ray.exceptions.RayActorError:
                await asyncio.sleep(0.25)
        raise TimeoutError("the worker did not come back")

    async def kill(self) -> int:
        """kill -9 of the worker's process; returns the pid that it had."""
        pid = (await self.health()).pid
        os.kill(pid, signal.SIGKILL)
        return pid

    async def submit(self, *, cap: str | None = None, **script: object) -> Run:
        text = json.dumps({"tasks": ["code", "test"], **script})
        return await self.service.submit(Request(text=text, max_cost_usd=cap))

    async def until(self, run_id: str, line: str, *, seconds: float = 60) -> None:
        """Until the fake pipeline has noted `line`, such as `start:code.0`."""
        for _ in range(int(seconds / 0.02)):
            if line in self.calls(run_id):
                return
            await asyncio.sleep(0.02)
        raise TimeoutError(f"{line} did not happen: {self.calls(run_id)}")

    async def end(self, run_id: str, *, seconds: float = 90) -> Run:
        return await asyncio.wait_for(self.service.wait(run_id), seconds)

    def calls(self, run_id: str) -> list[str]:
        file = self.home / f"calls-{run_id}.log"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []

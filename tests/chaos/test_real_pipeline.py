"""The real pipeline in a real worker, with a scripted model that counts its calls, while things are killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import ray

from actors.client import RayWorkers, RunService, open_service
from actors.run_worker import start_worker
from actors.worker_args import WorkerArgs
from qlp.capsule import Trust, check_capsule
from qlp.config import ModelSettings, Settings
from qlp.models import Request, Run
from tests.docker.test_pipeline_models import GREETER_WISH, PLAN, SCRIPT
from tests.support.platform import settings_for
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = [pytest.mark.ray, pytest.mark.docker, pytest.mark.chaos]

SLOW_S = 1.0


class Worker:
    """One run worker over its own home."""

    def __init__(self, settings: Settings, namespace: str, name: str) -> None:
        self.settings = settings
        self.actor: Any = start_worker(WorkerArgs.of(settings, name=name), namespace=namespace, detached=False)
        self.service: RunService = open_service(settings, RayWorkers((name,), namespace))

    async def pid(self) -> int:
        for _ in range(240):
            try:
                return (await asyncio.wait_for(asyncio.wrap_future(self.actor.health.remote().future()), 60)).pid
            except ray.exceptions.RayActorError:
                await asyncio.sleep(0.25)
        raise TimeoutError("the worker did not come back")

    async def end(self, run_id: str) -> Run:
        return await asyncio.wait_for(self.service.wait(run_id), 180)


@pytest.fixture
def worker(ray_cluster: str, tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    made: list[Worker] = []

    def make(models: ModelSettings, *, docker_host: str | None = None) -> Worker:
        settings = settings_for(tmp_path, models=models)
        if docker_host is not None:
            sandbox = settings.sandbox.model_copy(update={"docker_host": docker_host})
            settings = settings.model_copy(update={"sandbox": sandbox})
        made.append(Worker(settings, ray_cluster, f"chaos-{request.node.name}"))
        return made[-1]

    yield make
    for each in made:
        ray.kill(each.actor)


def script() -> list[Reply]:
    """A planned project of four tasks; every answer takes a second, and each may be asked any number of times."""
    plan = Reply(
        match="What an analysis of the request found", text=f"```json\n{json.dumps(PLAN)}\n```", delay_s=SLOW_S
    )
    return [plan, *(r.model_copy(update={"times": None, "delay_s": SLOW_S}) for r in SCRIPT)]


async def calls_reach(server: ScriptedServer, count: int) -> None:
    for _ in range(600):
        if len(server.calls) >= count:
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"only {len(server.calls)} of {count} calls came")


@pytest.mark.parametrize("after", [2, 3], ids=["in the first task", "in a later task"])
async def test_kill_9_of_the_worker_repeats_no_finished_model_call(
    worker: Callable[[ModelSettings], Worker], after: int
) -> None:
    with ScriptedServer(script()) as server:
        w = worker(ModelSettings(base_url=server.url))
        run = await w.service.submit(Request(text=GREETER_WISH, tier="t1"))
        await calls_reach(server, after)
        pid = await w.pid()
        in_flight = server.calls[-1].key
        finished = {c.key for c in server.calls if c.key != in_flight}
        os.kill(pid, signal.SIGKILL)
        run = await w.end(run.id)
        assert await w.pid() != pid
    assert run.status == "completed", run.problem
    assert run.outcome is not None
    assert run.outcome.verified
    asked = Counter(c.key for c in server.calls)
    assert finished, "the kill came too early to show anything"
    assert {key: asked[key] for key in finished} == dict.fromkeys(finished, 1)
    assert len(asked) == 5, "plan and four tasks, each under its own idempotency key"


async def test_the_engine_going_away_in_mid_run_is_a_typed_problem_not_a_hang(
    worker: Callable[..., Worker], tmp_path: Path
) -> None:
    """A proxy in front of the engine's socket is ended in mid-run: to the worker the engine is gone."""
    engine = (settings_for(tmp_path).sandbox.docker_host or "").removeprefix("unix://")
    socket = tmp_path / "e.sock"
    proxy = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("socket_proxy.py")), str(socket), engine
    )
    try:
        for _ in range(200):
            if socket.exists():
                break
            await asyncio.sleep(0.05)
        with ScriptedServer(script()) as server:
            w = worker(ModelSettings(base_url=server.url), docker_host=f"unix://{socket}")
            run = await w.service.submit(Request(text=GREETER_WISH, tier="t1"))
            await calls_reach(server, 2)
            proxy.terminate()
            await proxy.wait()
            run = await w.end(run.id)
    finally:
        if proxy.returncode is None:
            proxy.kill()
            await proxy.wait()
    assert run.status == "failed"
    assert run.problem is not None
    assert run.problem.code == "sandbox_unavailable"
    assert run.problem.retryable


async def test_a_cancelled_run_stops_asking_and_resumes_where_it_was(worker: Callable[[ModelSettings], Worker]) -> None:
    with ScriptedServer(script()) as server:
        w = worker(ModelSettings(base_url=server.url))
        run = await w.service.submit(Request(text=GREETER_WISH, tier="t1"))
        await calls_reach(server, 2)
        assert (await w.service.cancel(run.id)).status == "cancelled"
        await asyncio.sleep(2 * SLOW_S)
        asked = len(server.calls)
        await asyncio.sleep(2 * SLOW_S)
        assert len(server.calls) == asked, "a cancelled run asks nothing more"
        first = server.calls[0].key
        await w.service.resume(run.id)
        run = await w.end(run.id)
    assert run.status == "completed"
    assert run.outcome is not None
    assert run.outcome.verified
    assert sum(c.key == first for c in server.calls) == 1, "the finished plan was not asked for again"
    report = check_capsule(
        w.settings.home / "capsules" / run.outcome.capsule, trust=Trust.load(w.settings.home / "keys")
    )
    assert report.authentic

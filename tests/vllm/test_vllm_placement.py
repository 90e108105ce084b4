"""Where Serve puts replicas and which one it asks, on a cluster that believes in two GPUs; the replicas are fakes."""

from __future__ import annotations

import asyncio

import pytest

from actors.vllm.builder import HostArgs, application_of
from actors.vllm.client import RETRY_AFTER_S, ModelClient
from actors.vllm.declared import app_name
from qlp.errors import ProviderRateLimitError, ProviderTimeoutError, ProviderUnavailableError
from tests.vllm.conftest import tiny
from tests.vllm.fake_host import FakeHost
from tests.vllm.waiting import until_running

pytestmark = pytest.mark.vllm


def deploy(name: str, *, wait: bool = True, **fields: object) -> ModelClient:
    from ray import serve

    model = tiny(**{"env": {}, "engine": {}, "cpus": 0.1, **fields})
    application = application_of(FakeHost, HostArgs(name=name, model=model, home="/tmp"))
    serve.run_many(
        [serve.RunTarget(application, name=app_name(name), route_prefix=None)], wait_for_applications_running=False
    )
    if wait:
        until_running(app_name(name))
    return ModelClient(name)


def remove(*names: str) -> None:
    from ray import serve

    for name in names:
        serve.delete(app_name(name), _blocking=False)


async def test_gpus_whole_and_shared(cluster: None) -> None:
    whole = deploy("whole", gpus=1, accelerator="H100", labels={"zone": "a"})
    halves = [deploy(name, gpus=0.5) for name in ("left", "right")]
    (of_whole,) = (await whole.status()).gpus
    of_halves = [(await half.status()).gpus for half in halves]
    assert of_halves[0] == of_halves[1]
    assert of_whole not in of_halves[0]
    remove("whole", "left", "right")


async def test_tensor_parallel_takes_its_gpus_together(cluster: None) -> None:
    import ray

    both = deploy("both", gpus=2)
    assert len((await both.status()).gpus) == 2
    remove("both")
    spread = deploy("spread", gpus=2, spread=True)
    await spread.status()
    groups = [g for g in ray.util.placement_group_table().values() if g["state"] == "CREATED"]
    assert [sorted(b["GPU"] for b in g["bundles"].values()) for g in groups] == [[1.0, 1.0]]
    remove("spread")


async def test_a_label_that_no_node_has_is_waited_for(cluster: None) -> None:
    client = deploy("elsewhere", wait=False, gpus=1, labels={"zone": "b"})
    with pytest.raises(ProviderTimeoutError, match="loads its weights first"):
        await client.chat({}, "s", 2.0)
    remove("elsewhere")


async def test_one_session_one_replica(cluster: None) -> None:
    client = deploy("many", min_replicas=3, max_replicas=3)
    asked = {session: [(await client.chat({}, session, 30)).body for _ in range(4)] for session in "abcdefghijkl"}
    assert all(len(set(replicas)) == 1 for replicas in asked.values())
    assert len({replicas[0] for replicas in asked.values()}) > 1
    remove("many")


async def test_scales_from_none_and_back_and_refuses_a_flood(cluster: None) -> None:
    client = deploy("bursty", min_replicas=0, max_replicas=2, target_requests=1, max_requests=1, max_queued=2, idle_s=0)
    assert (await client.chat({}, "s", 60)).status == 200

    # two replicas work on one each and the caller queues two: of six that wait, some are refused at once
    asked = [asyncio.ensure_future(client.chat({"wait": True}, f"s{i}", 60)) for i in range(6)]
    done, waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        refused = task.exception()
        assert isinstance(refused, ProviderRateLimitError)
        assert refused.extra["retry_after_s"] == RETRY_AFTER_S
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    remove("bursty")


async def test_a_model_that_is_not_deployed(cluster: None) -> None:
    with pytest.raises(ProviderUnavailableError, match="not deployed"):
        await ModelClient("nobody").chat({}, "s", 10)

"""What a sandboxed job costs: against fork and exec on the host, bwrap, docker exec, docker run and llm-sandbox.

    python -m benchmarks.sandbox [--quick] [--no-peer]

Contenders take turns in one run, and all their CPU time is counted, the engine's and the runner's included: it
starts an engine of its own in a control group (root, Linux). Prints ratios and writes
benchmarks/results/sandbox.json. Needs the python image (`qlp sandbox build python`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.sandboxes import contenders, load
from benchmarks.sandboxes.contenders import Run
from benchmarks.sandboxes.engine import Meter, counted_engine
from benchmarks.sandboxes.languages import cost_per_language
from benchmarks.sandboxes.report import show
from qlp.config import SandboxSettings, Settings, home
from qlp.errors import OverloadedError
from qlp.sandbox import engine, images
from qlp.sandbox.bubblewrap import BubblewrapBackend
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.service import SandboxService, places

RESULTS = Path(__file__).parent / "results" / "sandbox.json"
PORT = 18427
BASELINE = "host: fork and exec"
ACTOR = "actor: execute"
HTTP = "HTTP: POST /v1/execute"
SLOW = frozenset({"docker run --rm (cold)", "llm-sandbox pool", "llm-sandbox session", "docker exec (SDK, warm)"})
CALLERS = (1, 2, 8, 64)
STARTED = time.monotonic()


async def interleaved(runs: dict[str, Run], meter: Meter, *, rounds: int, idle: float = 0.0) -> dict[str, Any]:
    """CPU and wall of a job, by turns; `idle` is what runs anyway, CPU seconds a second, and taken off."""
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    wall: dict[str, list[float]] = {name: [] for name in runs}
    parts: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
    failed: dict[str, str] = {}
    for number in range(rounds + 1):
        for name, run in runs.items():
            if name in failed:
                continue
            jobs = 2 if name in SLOW else 10
            before, shares, began = meter.cpu_s(), meter.parts(), time.perf_counter()
            try:
                for _ in range(jobs):
                    await run()
            except (RuntimeError, TimeoutError, OSError) as error:
                failed[name] = str(error)
                continue
            took = time.perf_counter() - began
            await quiet(meter, idle)  # what is done after the answer (removing, refilling) is on the same bill
            spent = meter.cpu_s() - before - idle * (time.perf_counter() - began)
            if number:  # the first round warms caches
                cpu[name].append(spent / jobs)
                wall[name].append(took / jobs)
                parts[name].append({p: 1000 * (v - shares.get(p, 0.0)) / jobs for p, v in meter.parts().items()})
    table: dict[str, Any] = {}
    for name in runs:
        if name in failed or not cpu[name]:
            table[name] = {"failed": failed.get(name, "no round")}
            continue
        table[name] = {
            "cpu_ms": 1000 * statistics.median(cpu[name]),
            "cpu_ms_by": {p: statistics.median(row.get(p, 0.0) for row in parts[name]) for p in parts[name][-1]},
            "wall_ms": 1000 * statistics.median(wall[name]),
            "cpu_ratio": statistics.median(a / b for a, b in zip(cpu[name], cpu[BASELINE], strict=True)),
            "wall_ratio": statistics.median(a / b for a, b in zip(wall[name], wall[BASELINE], strict=True)),
        }
    return table


async def quiet(meter: Meter, idle: float, *, seconds: float = 3.0) -> None:
    """Until next to nothing is done any more."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if await idle_rate(meter, 0.1) < idle * 1.5 + 0.05:
            return


def say(what: str) -> None:
    sys.stderr.write(f"{time.monotonic() - STARTED:5.0f} s  {what}\n")


async def idle_rate(meter: Meter, seconds: float) -> float:
    before = meter.cpu_s()
    await asyncio.sleep(seconds)
    return (meter.cpu_s() - before) / seconds


async def without_ray(url: str, meter: Meter, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    sandbox = SandboxSettings(backend="docker", docker_host=url, queue=64)
    image = images.image_ref("python")
    result: dict[str, Any] = {}
    say("contenders")
    async with AsyncExitStack() as stack:
        docker = DockerBackend(places(sandbox), folder)
        stack.push_async_callback(docker.close)
        host = contenders.on_host(folder)
        runs: dict[str, Run] = {BASELINE: host}
        if contenders.bwrap_there():
            runs["bwrap (once, bare)"] = contenders.by_bwrap(folder)
        runs["docker exec (SDK, warm)"] = await stack.enter_async_context(contenders.by_docker_exec(url, image))
        runs["docker run --rm (cold)"] = contenders.by_docker_run(url, image)
        exec_run, fork_run = await stack.enter_async_context(contenders.warm(docker))
        runs |= {"warm job, Docker, exec": exec_run, "warm job, Docker, fork": fork_run}
        bubblewrap = BubblewrapBackend(places(sandbox), home())
        if (await bubblewrap.probe()).available:
            stack.push_async_callback(bubblewrap.close)
            exec_run, fork_run = await stack.enter_async_context(contenders.warm(bubblewrap))
            runs |= {"warm job, bubblewrap, exec": exec_run, "warm job, bubblewrap, fork": fork_run}
        service = SandboxService(docker, sandbox)
        stack.push_async_callback(service.drain)
        await service.execute(contenders_work())
        runs["pool: acquire, job, release"] = contenders.through(service.execute)
        result["peer"] = {"skipped": "--no-peer"} if options.no_peer else await peers(stack, folder, url, image, runs)
        say("cost of a job, by turns")
        result["cost"] = await interleaved(runs, meter, rounds=options.rounds)

        say("load")
        rows = [
            await load.closed_loop(runs["pool: acquire, job, release"], callers=n, seconds=options.seconds)
            for n in CALLERS
        ]
        result["load"] = {"service": rows}
        capacity = max(row["jobs_per_s"] for row in rows)
        say("Poisson arrivals")
        result["poisson"] = [
            await load.poisson(service.execute, rate=share * capacity, tenants=tenants, seconds=options.seconds * 2)
            for share, tenants in ((0.3, 1), (0.6, 1), (0.9, 1), (0.1, 3))
        ]
        say("killed pools")
        result["killed_pool"] = [await load.killed_pool(service, url, warm=2) for _ in range(1 if options.quick else 3)]
    return result


def contenders_work() -> Any:
    from qlp.sandbox.work import Work

    return Work(profile="python", job=contenders.job())


async def peers(stack: AsyncExitStack, folder: Path, url: str, image: str, runs: dict[str, Run]) -> dict[str, Any]:
    """Adds llm-sandbox to the contenders, or says why not."""
    try:
        version = await contenders.install_peer(folder / "peer")
        image = await contenders.peer_image(url, image)
    except (RuntimeError, TimeoutError, OSError) as error:
        return {"skipped": f"llm-sandbox cannot be installed here: {error}"}
    said: dict[str, Any] = {"version": version}
    for how in ("session", "pool"):
        try:
            peer = await contenders.Peer.start(stack, folder / "peer", url, image, how)
        except (RuntimeError, TimeoutError) as error:
            said[how] = f"does not run: {error}"
        else:
            runs[f"llm-sandbox {how}"] = peer.run
            said[how] = "runs, on the same engine and system"
    return said


@asynccontextmanager
async def started_cluster(url: str, folder: Path) -> AsyncIterator[tuple[str, str]]:
    """`qlp up` with a home of its own; URL and key of its API, this process being connected to its Ray."""
    env = {
        "QLP_HOME": str(folder / "home"),
        "QLP_SANDBOX__BACKEND": "docker",
        "QLP_SANDBOX__DOCKER_HOST": url,
        "QLP_SERVER__PORT": str(PORT),
    }
    qlp = str(Path(sys.executable).parent / "qlp")
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    (folder / "home").mkdir(exist_ok=True)
    await asyncio.to_thread(subprocess.run, [qlp, "up"], stdout=subprocess.DEVNULL, timeout=240, check=True)
    try:
        from cluster.environment import NAMESPACE, apply
        from cluster.local import current
        from qlp.client.discovery import left_by_up

        settings = Settings()
        apply(settings)
        import ray

        running, access = current(settings.home), left_by_up(settings.home)
        assert running
        assert access
        ray.init(address=running.address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False)
        try:
            yield access
        finally:
            ray.shutdown()
    finally:
        await asyncio.to_thread(subprocess.run, [qlp, "down"], stdout=subprocess.DEVNULL, timeout=120, check=False)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


async def with_ray(url: str, meter: Meter, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    say("cluster")
    async with (
        started_cluster(url, folder) as (base, key),
        httpx.AsyncClient(
            base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
        ) as http,
    ):
        body = {"language": "python", "code": contenders.SOURCE.decode()}

        async def by_http() -> None:
            answer = await http.post("/v1/execute", json=body)
            if answer.status_code == 429:
                raise OverloadedError(answer.text)
            if answer.status_code != 200:
                raise RuntimeError(answer.text[:300])
            contenders.check(answer.json()["stdout"].encode())

        from actors.sandbox_client import ManagerClient  # imports Ray, which reads the environment that was just set
        from cluster.environment import NAMESPACE

        actor = contenders.through(ManagerClient(NAMESPACE).execute)
        for run in (actor, by_http):
            await run()
        say("actor and HTTP")
        idle = await idle_rate(meter, 2 if options.quick else 5)
        runs = {BASELINE: contenders.on_host(folder), ACTOR: actor, HTTP: by_http}
        return {
            "idle_cpu_share": idle,
            "cost": await interleaved(runs, meter, rounds=options.rounds, idle=idle),
            "load": {
                name: [await load.closed_loop(run, callers=n, seconds=options.seconds) for n in CALLERS]
                for name, run in (("actor", actor), ("http", by_http))
            },
        }


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    source = engine.engine_url(SandboxSettings(), home())
    began = time.monotonic()
    load_before = os.getloadavg()
    with (
        tempfile.TemporaryDirectory(prefix="qlp-bench-") as name,
        counted_engine([images.image_ref("python")], source) as at,
    ):
        url, meter = at
        result = await without_ray(url, meter, Path(name), options)
        try:
            ray = await with_ray(url, meter, Path(name), options)
        except subprocess.SubprocessError as error:  # the cluster did not come up: the rest is worth having
            ray = {"cost": {name: {"failed": str(error)} for name in (ACTOR, HTTP)}, "load": {}, "idle_cpu_share": None}
    say("languages")
    everyday = DockerBackend(SandboxSettings(), home())
    try:
        result["languages"] = await cost_per_language(everyday, rounds=1 if options.quick else 3)
    finally:
        await everyday.close()
    result["cost"] |= {name: row for name, row in ray["cost"].items() if name != BASELINE}
    result["load"] |= ray["load"]
    result["idle_cpu_share_of_cluster"] = ray["idle_cpu_share"]
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "load_average": {"before": load_before, "after": os.getloadavg()},
        "rounds": options.rounds,
        "took_s": time.monotonic() - began,
        **result,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, less time a step")
    parser.add_argument("--no-peer", action="store_true", help="without llm-sandbox")
    options = parser.parse_args()
    options.rounds = 3 if options.quick else 8
    options.seconds = 1.5 if options.quick else 3.0
    result = asyncio.run(measure(options))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    show(result)
    sys.stdout.write(f"raw: {RESULTS}\n")


if __name__ == "__main__":
    main()

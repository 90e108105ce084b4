"""Times the main job: stages of the demo's run, cold against warm, durable against in process.

    python -m benchmarks.end_to_end [--rounds N]

Prints ratios measured in one run and writes benchmarks/results/end_to_end.json. Uses a temporary QLP_HOME, the
engine and the images of this machine, and the installed `qlp` command.
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
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from qlp.config import SandboxSettings, Settings, home
from qlp.models import Request
from qlp.pipeline.in_process import run_in_process
from qlp.pipeline.services import build_services
from qlp.plugins import launcher
from qlp.sandbox import engine
from qlp.store import Database, EventStore, RunStore, sqlite_url
from qlp.store.schema import create_all

DEMO = "Build a REST API for a bookstore: books with title, author, price and stock, and orders that reduce the stock"
RESULTS = Path(__file__).parent / "results" / "end_to_end.json"


def command(*argv: str, env: dict[str, str]) -> tuple[float, str]:
    """Wall seconds and stdout of a `qlp` command. Raises when it fails."""
    began = time.perf_counter()
    done = subprocess.run(
        [str(Path(sys.executable).parent / "qlp"), *argv],
        env=env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"qlp {' '.join(argv)} exited {done.returncode}: {done.stderr[-2000:]}")
    return took, done.stdout


def demo_run(env: dict[str, str]) -> tuple[float, dict[str, Any]]:
    took, out = command("run", DEMO, "--json", env=env)
    return took, json.loads(out)


class Taken(NamedTuple):
    """Wall seconds of one run, and what is left of them without verification (sandbox time, the same in both)."""

    total: float
    bookkeeping: float


async def in_process(settings: Settings) -> Taken:
    """One run of the pipeline in this process."""
    database = Database(sqlite_url(settings.home))
    create_all(database)
    run, _ = await RunStore(database).create(Request(text=DEMO), tenant="local", queue_limit=10)
    services = await build_services(settings, EventStore(database), database)
    began = time.perf_counter()
    outcome = await run_in_process(Request(text=DEMO), services, run.id)
    took = time.perf_counter() - began
    return Taken(took, took - outcome.timings["verify"])


async def pairs(settings: Settings, rounds: int) -> list[tuple[Taken, Taken]]:
    """(durable, in process), in turn, with the cluster up all the time."""
    found = []
    async with launcher().ephemeral(settings) as client:
        for _ in range(rounds + 1):
            began = time.perf_counter()
            run = await client.submit(Request(text=DEMO))
            async for _event in client.events(run.id):
                pass
            took = time.perf_counter() - began
            outcome = (await client.get(run.id)).outcome
            assert outcome is not None
            found.append((Taken(took, took - outcome.timings["verify"]), await in_process(settings)))
    return found[1:]  # the first pair warms the worker's imports and the page cache


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="qlp-bench-") as folder:
        url = engine.engine_url(SandboxSettings(), home())
        env = {**os.environ, "QLP_HOME": folder, "QLP_SANDBOX__DOCKER_HOST": url, "QLP_SERVER__PORT": "18421"}
        os.environ.update(env)
        settings = Settings()

        cold = [demo_run(env) for _ in range(rounds)]
        command("up", env=env)
        try:
            demo_run(env)
            warm = [demo_run(env) for _ in range(rounds)]
        finally:
            with suppress(SystemExit):
                command("down", env=env)
        measured = asyncio.run(pairs(settings, rounds))

    stages: dict[str, list[float]] = {}
    for _, run in cold:
        for name, seconds in run["outcome"]["timings"].items():
            stages.setdefault(name, []).append(seconds)
        for stage in run["outcome"]["stages"]:
            stages.setdefault(f"verify/{stage['stage']}", []).append(stage["wall_s"])
    result = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "rounds": rounds,
        "demo_run_by_stage_s": {name: spread(values) for name, values in stages.items()},
        "cold_s": spread([t for t, _ in cold]),
        "warm_s": spread([t for t, _ in warm]),
        "cold_over_warm": statistics.median(t for t, _ in cold) / statistics.median(t for t, _ in warm),
        "durable_s": spread([d.total for d, _ in measured]),
        "in_process_s": spread([p.total for _, p in measured]),
        "durable_over_in_process": statistics.median(d.total / p.total for d, p in measured),
        "durable_without_verification_s": spread([d.bookkeeping for d, _ in measured]),
        "in_process_without_verification_s": spread([p.bookkeeping for _, p in measured]),
        "durable_over_in_process_without_verification": statistics.median(
            d.bookkeeping / p.bookkeeping for d, p in measured
        ),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    show(result)


def show(result: dict[str, Any]) -> None:
    write = sys.stdout.write
    for name, row in result["demo_run_by_stage_s"].items():
        write(f"{name:<18} {row['median']:7.2f} s  ({row['min']:.2f} to {row['max']:.2f})\n")
    write(f"qlp run, no cluster up (cold) {result['cold_s']['median']:.1f} s\n")
    write(f"qlp run, after qlp up (warm)  {result['warm_s']['median']:.1f} s\n")
    write(f"cold / warm                   {result['cold_over_warm']:.2f}\n")
    write(f"durable / in process          {result['durable_over_in_process']:.3f}\n")
    write(f"the same, without verification  {result['durable_over_in_process_without_verification']:.2f}\n")
    write(f"raw: {RESULTS}\n")


if __name__ == "__main__":
    main()

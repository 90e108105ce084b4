"""What the OpenAI facade adds to a call: the facade over a scripted upstream, against asking that upstream directly.

    python -m benchmarks.gateway [--litellm /path/to/venv/bin/litellm] [--rounds 3]

Ways: `direct`; `serve`, the API as `qlp up` runs it; `app`, the same application in one uvicorn process without Ray;
`litellm`, LiteLLM's proxy with one worker and a key, if its command is given. All stand at the same time on one machine
and rounds alternate between them. Added latency is a way's median less that of `direct` in the same round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parent / "results" / "gateway.json"
ROOT = Path(__file__).parents[1]
TEXT = "def add(a: int, b: int) -> int:\n    return a + b\n" * 4
PIECE = 8
CONCURRENCY = (1, 16, 128)
REQUESTS = {1: 40, 16: 160, 128: 384}


class Way:
    def __init__(self, url: str, model: str, key: str) -> None:
        self.url = f"{url}/chat/completions"
        self.model = model
        self.headers = {"Authorization": f"Bearer {key}"}


async def load(way: Way, concurrency: int, requests: int, *, stream: bool) -> dict[str, float]:
    """Median and 95th percentile of the latency and of the time to the first byte of text, ms, and requests/s."""
    import aiohttp

    body = {"model": way.model, "messages": [{"role": "user", "content": "hello"}], "stream": stream}
    first: list[float] = []
    whole: list[float] = []
    numbers = iter(range(requests))

    async def worker(session: aiohttp.ClientSession) -> None:
        for _ in numbers:
            began = time.perf_counter()
            async with session.post(way.url, json=body, headers=way.headers) as response:
                assert response.status == 200, await response.text()
                seen = b""
                async for piece in response.content.iter_any():
                    if not seen:
                        first.append((time.perf_counter() - began) * 1000)
                    seen += piece
            assert (b"[DONE]" in seen) if stream else (b"return a + b" in seen), seen[:300]
            whole.append((time.perf_counter() - began) * 1000)

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=concurrency), timeout=aiohttp.ClientTimeout(total=120)
    ) as session:
        began = time.perf_counter()
        await asyncio.gather(*(worker(session) for _ in range(concurrency)))
        took = time.perf_counter() - began
    cut = statistics.quantiles(whole, n=20)
    return {
        "p50_ms": statistics.median(whole),
        "p95_ms": cut[18],
        "first_p50_ms": statistics.median(first),
        "requests_per_s": requests / took,
    }


async def measure(ways: dict[str, Way], rounds: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for way in ways.values():
        for stream in (False, True):
            await load(way, 8, 40, stream=stream)  # warm
    names = list(ways)
    for concurrency in CONCURRENCY:
        for stream in (False, True):
            for number in range(rounds):
                turn = number % len(names)
                for name in names[turn:] + names[:turn]:
                    took = await load(ways[name], concurrency, REQUESTS[concurrency], stream=stream)
                    rows.append({"way": name, "c": concurrency, "stream": stream, "round": number, **took})
    return rows


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Medians over the rounds; what is added to `direct` is taken round by round."""
    found: list[dict[str, Any]] = []
    kinds = dict.fromkeys((row["c"], row["stream"], row["way"]) for row in rows)
    for c, stream, way in kinds:
        mine = {r["round"]: r for r in rows if (r["c"], r["stream"], r["way"]) == (c, stream, way)}
        bare = {r["round"]: r for r in rows if (r["c"], r["stream"], r["way"]) == (c, stream, "direct")}
        middle = {
            key: round(statistics.median(r[key] for r in mine.values()), 2)
            for key in ("p50_ms", "p95_ms", "first_p50_ms", "requests_per_s")
        }
        added = statistics.median(mine[n]["p50_ms"] - bare[n]["p50_ms"] for n in mine)
        found.append({"c": c, "stream": stream, "way": way, **middle, "added_p50_ms": round(added, 2)})
    return found


@contextmanager
def process(argv: list[str], log: Path, *, talks: bool = False, **env: str) -> Iterator[subprocess.Popen[str]]:
    """Ended with its group. `talks`: its standard output is read here."""
    with log.open("w") as out:
        child = subprocess.Popen(
            argv, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE if talks else out, stderr=out, text=True,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield child
    finally:
        os.killpg(child.pid, 15)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, headers: dict[str, str], seconds: float = 180.0) -> None:
    import httpx

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, headers=headers, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"{url} does not answer")


@contextmanager
def served(tree: dict[str, Any]) -> Iterator[str]:
    """The API under Ray Serve; its base URL."""
    from cluster.environment import NAMESPACE, TempFolder
    from cluster.start_ray import start_ray

    folder = TempFolder()
    start_ray(folder, num_cpus=2, object_store_bytes=100 << 20)
    import ray
    from ray import serve

    from serve_app.builder import AppArgs, build_app

    port = free_port()
    options: Any = {"host": "127.0.0.1", "port": port}
    serve.start(proxy_location="HeadOnly", http_options=options)
    args = AppArgs(tree=tree, workers=(), namespace=NAMESPACE)
    serve.run(build_app(args), name="bench", route_prefix="/")
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        serve.shutdown()
        ray.shutdown()
        folder.release()


def bare_app(tree: dict[str, Any], port: int) -> None:
    """In a process of its own."""
    import uvicorn

    from qlp.config import Settings
    from serve_app.app import create_app
    from serve_app.backend import open_backend

    backend = open_backend(Settings(**tree), workers=(), namespace="none")
    uvicorn.run(create_app(backend), host="127.0.0.1", port=port, log_level="error", access_log=False)


@contextmanager
def litellm(command: str, upstream: str, folder: Path) -> Iterator[Way]:
    port, key = free_port(), "sk-" + secrets.token_hex(8)
    config = {
        "model_list": [
            {
                "model_name": "scripted",
                "litellm_params": {"model": "openai/scripted", "api_base": upstream, "api_key": "none"},
                "model_info": {"input_cost_per_token": 0, "output_cost_per_token": 0},
            }
        ],
        "general_settings": {"master_key": key},
    }
    file = folder / "litellm.yaml"
    file.write_text(json.dumps(config))  # JSON is YAML
    argv = [command, "--config", str(file), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    with process(argv, folder / "litellm.log", LITELLM_MODE="PRODUCTION", LITELLM_LOG="ERROR"):
        way = Way(f"http://127.0.0.1:{port}/v1", "scripted", key)
        wait_for(f"http://127.0.0.1:{port}/health/liveliness", way.headers)
        yield way


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", help="command of LiteLLM's proxy, in an environment of its own")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-serve", action="store_true", help="leave the way `serve` out")
    parser.add_argument("--bare-app", nargs=2, metavar=("TREE", "PORT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.bare_app:
        bare_app(json.loads(args.bare_app[0]), int(args.bare_app[1]))
        return

    from actors.client import open_database
    from cluster.environment import apply
    from qlp.config import Settings
    from qlp.security import Pepper
    from qlp.store import KeyStore

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qlp-bench-")))
        apply(Settings(home=folder))
        script = {"replies": [{"match": ".", "text": TEXT, "piece": PIECE}]}
        (folder / "script.json").write_text(json.dumps(script))
        argv = [sys.executable, "-m", "tests.support.scripted_server", "--script", str(folder / "script.json")]
        upstream = stack.enter_context(process(argv, folder / "upstream.log", talks=True))
        assert upstream.stdout is not None
        url = upstream.stdout.readline().strip()

        tree: dict[str, Any] = {"home": str(folder), "models": {"base_url": url}}
        database = open_database(folder)
        key = asyncio.run(KeyStore(database, Pepper.load(folder)).create(tenant="bench"))[1]
        database.close()
        ways = {"direct": Way(url, "scripted", "none")}
        if not args.without_serve:
            ways["serve"] = Way(stack.enter_context(served(tree)), "scripted", key)
        port = free_port()
        argv = [sys.executable, "-m", "benchmarks.gateway", "--bare-app", json.dumps(tree), str(port)]
        stack.enter_context(process(argv, folder / "app.log"))
        wait_for(f"http://127.0.0.1:{port}/v1/models", {"Authorization": f"Bearer {key}"})
        ways["app"] = Way(f"http://127.0.0.1:{port}/v1", "scripted", key)
        if args.litellm:
            ways["litellm"] = stack.enter_context(litellm(args.litellm, url, folder))
        rows = asyncio.run(measure(ways, args.rounds))
    table = summary(rows)
    RESULT.write_text(json.dumps({"rounds": args.rounds, "summary": table, "rows": rows}, indent=1) + "\n")
    for row in table:
        sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()

"""Tokens per second of the vLLM host against a bare loop over AsyncLLM, in one run on one machine.

    .venv-vllm/bin/python -m benchmarks.vllm_host [--concurrency 32] [--rounds 5]

Both engines have the same options and stand beside each other; rounds alternate between them, so that what else the
machine does hits both. `host` is the Serve deployment asked by its handle, `stream` the same with server-sent events.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
MODEL = Path(__file__).parents[1] / "tests" / "data" / "testmodel" / "safetensors"
NAME = "tiny"
ENGINE = {"enforce_eager": True, "kv_cache_memory_bytes": 256 << 20}
Ask = Callable[[int], Awaitable[int]]


def prompt(number: int) -> str:
    return f"Take the list, drop the first {number} elements and add up the rest."


async def round_of(ask: Ask, concurrency: int, requests: int) -> float:
    """Tokens per second."""
    numbers = iter(range(requests))
    tokens = 0

    async def worker() -> None:
        nonlocal tokens
        for number in numbers:
            made = await ask(number)  # awaited first: `tokens += await` would lose what others add meanwhile
            tokens += made

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return tokens / (time.perf_counter() - began)


async def measure(rounds: int, concurrency: int, requests: int, tokens: int) -> dict[str, Any]:
    from ray import serve

    from actors.vllm.builder import deploy_models
    from actors.vllm.client import ModelClient
    from actors.vllm.options import environment
    from actors.vllm.reply import EngineReply
    from qlp.config import Settings, VllmModelSettings, VllmSettings

    model = VllmModelSettings(
        source=str(MODEL), gpus=0, dtype="float32", max_model_len=512, engine=ENGINE, min_replicas=1,
        env={"HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": "ERROR"}, max_requests=2 * concurrency,
    )  # fmt: skip
    os.environ.update(environment(model))
    raw, stop = _bare(model, tokens)
    settings = Settings(vllm=VllmSettings(models={NAME: model}))
    (app,) = deploy_models(settings)
    while serve.status().applications[app].status != "RUNNING":  # noqa: ASYNC110  Serve has no event for it
        await asyncio.sleep(0.5)
    client = ModelClient(NAME)
    fixed = {"model": NAME, "max_tokens": tokens, "ignore_eos": True, "temperature": 1.0}

    async def host(number: int) -> int:
        body = {**fixed, "messages": [{"role": "user", "content": prompt(number)}]}
        answer = await client.chat(body, str(number), 300)
        return int(json.loads(answer.body)["usage"]["completion_tokens"])

    async def stream(number: int) -> int:
        body = {**fixed, "messages": [{"role": "user", "content": prompt(number)}]}
        body["stream_options"] = {"include_usage": True}
        last = b""
        async for frame in client.chat_stream(body, str(number), 300):
            assert not isinstance(frame, EngineReply), frame
            last = frame
        usage = last.rstrip().split(b"\n\n")[-2].removeprefix(b"data: ")
        return int(json.loads(usage)["usage"]["completion_tokens"])

    ways: dict[str, Ask] = {"raw": raw, "host": host, "stream": stream}
    for ask in ways.values():
        await round_of(ask, concurrency, concurrency)  # warm
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        turn = list(ways.items())
        for way, ask in turn[number % 3 :] + turn[: number % 3]:
            rates[way].append(await round_of(ask, concurrency, requests))
    stop()
    middle = {way: statistics.median(values) for way, values in rates.items()}
    ratios = {
        f"{way}_over_raw": statistics.median(a / b for a, b in zip(rates[way], rates["raw"], strict=True))
        for way in ("host", "stream")
    }
    return {
        "concurrency": concurrency, "requests": requests, "tokens_each": tokens, "rounds": rounds,
        "tokens_per_s": middle, "all": rates, **ratios,
    }  # fmt: skip


def _bare(model: Any, tokens: int) -> tuple[Ask, Callable[[], None]]:
    """The loop that everybody writes first."""
    from vllm import SamplingParams
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.sampling_params import RequestOutputKind
    from vllm.v1.engine.async_llm import AsyncLLM

    engine = AsyncLLM.from_engine_args(
        AsyncEngineArgs(
            model=str(MODEL), dtype=model.dtype, max_model_len=model.max_model_len, block_size=32,
            distributed_executor_backend="uni", disable_log_stats=True, **model.engine,
        )
    )  # fmt: skip
    tokenizer = engine.get_tokenizer()
    sampling = SamplingParams(
        max_tokens=tokens, ignore_eos=True, temperature=1.0, output_kind=RequestOutputKind.FINAL_ONLY
    )

    async def ask(number: int) -> int:
        messages = [{"role": "user", "content": prompt(number)}]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        count = 0
        async for out in engine.generate(text, sampling, request_id=f"raw-{time.monotonic_ns()}-{number}"):
            count = sum(len(output.token_ids) for output in out.outputs)
        return count

    return ask, engine.shutdown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--requests", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=64)
    args = parser.parse_args()

    import tempfile

    from cluster.environment import TempFolder, apply
    from cluster.start_ray import start_ray
    from qlp.config import Settings

    apply(Settings(home=Path(tempfile.mkdtemp(prefix="qlp-bench-"))))
    import ray
    from ray import serve

    folder = TempFolder()
    start_ray(folder, num_cpus=4, object_store_bytes=100 << 20)
    serve.start(proxy_location="Disabled")
    try:
        result = asyncio.run(measure(args.rounds, args.concurrency, args.requests, args.tokens))
    finally:
        serve.shutdown()
        ray.shutdown()
        folder.release()
    (RESULTS / f"vllm_host_{args.tokens}.json").write_text(json.dumps(result, indent=1) + "\n")
    sys.stdout.write(json.dumps({k: v for k, v in result.items() if k != "all"}, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Serves tests/data/testmodel/model.gguf by xllamacpp, in a child process on loopback."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

MODEL = Path(__file__).parents[1] / "data" / "testmodel" / "model.gguf"
SAFETENSORS = Path(__file__).parents[1] / "data" / "testmodel" / "safetensors"
"""The same model as a folder that vLLM and transformers load."""
SAMPLING: dict[str, object] = {"top_p": 1, "top_k": 0, "min_p": 0}
"""extra_body for the sampling that the model was measured with."""

_CHILD = """
import os, signal, sys, threading
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 16 * 512
params.n_parallel = 16
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
params.hostnames = ["127.0.0.1"]
params.port = 0
params.model_alias = {"testmodel"}
params.use_jinja = True
params.cache_ram_mib = 0
params.fit_params = False
params.verbosity = 1
server = xllamacpp.Server(params)
print("listening " + server.listening_address, flush=True)
sys.stdin.read()  # the parent closes it, or dies
os.kill(os.getpid(), signal.SIGKILL)
"""


class NoTestModelError(Exception):
    """Why the model cannot be served here."""


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """Base URL, such as http://127.0.0.1:40001/v1. Raises NoTestModelError when xllamacpp is not installed."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise NoTestModelError("xllamacpp is not installed (pip install 'qlp[dev]')")
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(MODEL)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield _address(child) + "/v1"
    finally:
        child.kill()
        child.wait(10)


def _address(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("listening "):
            url = line.split()[1]
            _wait_healthy(url)
            return url
    raise NoTestModelError(f"the model server ended with exit code {child.wait(10)}")


def _wait_healthy(url: str) -> None:
    deadline = time.monotonic() + 20
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if client.get(f"{url}/health", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
    raise NoTestModelError(f"{url} did not become healthy")

"""`up`, `down` and the private cluster, as processes of their own: what they leave behind is what is tested."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from actors.executors import live_executors
from cluster.processes import birth_of, members_of

pytestmark = [pytest.mark.ray, pytest.mark.chaos]

ROOT = Path(__file__).resolve().parents[2]

UP = """
import sys
from cluster.local import up
from qlp.config import Settings
from tests.ray.durable_platform import FAKE
started = up(Settings(), pipeline=FAKE)
print(started.model_dump_json())
"""
DOWN = """
from cluster.local import down
from qlp.config import Settings
print(down(Settings()))
"""
PRIVATE = """
import asyncio, sys
from cluster.ephemeral import ephemeral
from qlp.config import Settings
from qlp.models import Request
from tests.ray.durable_platform import FAKE

async def main(text, run_id):
    async with ephemeral(Settings(), pipeline=FAKE) as client:
        run = await (client.resume(run_id) if run_id else client.submit(Request(text=text)))
        print(run.id, flush=True)
        async for event in client.events(run.id):
            print(event.type, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {**os.environ, "QLP_HOME": str(tmp_path), "QLP_SERVER__PORT": str(port)}


def python(code: str, environment: dict[str, str], *args: str) -> str:
    done = subprocess.run(
        (sys.executable, "-c", code, *args), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def listeners_beyond_loopback(pids: tuple[int, ...]) -> list[str]:
    """Sockets of these processes that listen on more than 127.0.0.1 (also as ::ffff:127.0.0.1) or ::1; Linux."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(link)
            except FileNotFoundError:
                continue
            inodes.add(target.removeprefix("socket:[").removesuffix("]"))
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            address, state, inode = fields[1], fields[3], fields[9]
            loopback = address.startswith(
                ("0100007F:", "0000000000000000FFFF00000100007F:", "00000000000000000000000001000000:")
            )
            if state == "0A" and inode in inodes and not loopback:
                found.append(address)
    return found


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc")
def test_up_serves_on_loopback_only_and_down_leaves_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    started = json.loads(python(UP, environment))
    cluster = started["cluster"]
    try:
        client_file = tmp_path / "run" / "client.json"
        client = json.loads(client_file.read_text())
        assert client == {"url": cluster["url"], "api_key": started["api_key"]}
        assert client_file.stat().st_mode & 0o077 == 0
        headers = {"Authorization": f"Bearer {client['api_key']}"}
        with httpx.Client(base_url=client["url"], headers=headers, timeout=30, trust_env=False) as http:
            assert http.get("/readyz").status_code in (200, 503)  # the sandbox may be missing here, the rest not
            run = http.post("/v1/runs", json={"text": '{"tasks": ["code"]}'}).json()
            events = http.get(f"/v1/runs/{run['id']}/events").text
        assert "event: run.completed" in events
        assert listeners_beyond_loopback(members_of(cluster["pid"])) == []
    finally:
        assert python(DOWN, environment) == "True"
    assert members_of(cluster["pid"]) == ()
    assert not Path(cluster["temp"]).exists()
    assert not client_file.exists()
    assert python(DOWN, environment) == "False"


def test_a_killed_private_run_is_resumed_by_the_next(environment: dict[str, str], tmp_path: Path) -> None:
    text = '{"tasks": ["code"], "step_s": 4.0}'
    first = subprocess.Popen(
        (sys.executable, "-c", PRIVATE, text, ""),
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert first.stdout is not None
    run_id = first.stdout.readline().strip()
    log = tmp_path / f"calls-{run_id}.log"
    wait(lambda: log.exists() and "done:code.0" in log.read_text())
    session = members_of(first.pid)
    assert len(session) > 1
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    wait(lambda: not live_executors(tmp_path), seconds=30)
    assert python(PRIVATE, environment, "", run_id) == "run.completed"
    calls = Counter(line.split()[0] for line in log.read_text().splitlines())
    assert calls["start:analyse"] == calls["start:code.0"] == 1
    assert {name: n for name, n in calls.items() if name.startswith("done")} == {
        "done:analyse": 1,
        "done:code.0": 1,
        "done:code.1": 1,
        "done:package": 1,
    }
    wait(lambda: not any(birth_of(pid) for pid in session), seconds=150)  # Ray's agents take a minute to give up


def wait(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)

"""Everything that sandboxes need is killed while they work: nothing may be left, and nobody may wait for ever."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from qlp.config import SandboxSettings
from qlp.errors import SandboxError
from qlp.sandbox import Command, Limits, SandboxBackend
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.engine_calls import Engine, dial_url
from tests.support.sandboxd import ROOT, containers_of, docker_url, sandboxd, start, until
from tests.support.second_engine import SecondEngine, second_engine, traces_of

pytestmark = [pytest.mark.docker, pytest.mark.chaos]

SMALL = Limits(wall_s=30, memory_mb=128, pids=32, cpus=1, disk_mb=16)
CALLERS = 3


class Load:
    """Callers that open a sandbox, run something and close it, again and again."""

    def __init__(self, backend: SandboxBackend, home: Path, url: str) -> None:
        self._backend = backend
        self._home = home
        self._url = url
        self.done = 0
        self.errors: list[SandboxError] = []
        self.seen: set[str] = set()
        self._going = True

    async def caller(self) -> None:
        while self._going:
            try:
                async with self._backend.open("python", SMALL) as box:
                    result = await box.run(Command(argv=("sh", "-c", "sleep 0.1; echo $((6 * 7))")))
                    assert result.stdout == b"42\n"
                    self.done += 1
            except SandboxError as error:
                self.errors.append(error)
                await asyncio.sleep(0.1)

    async def watch(self) -> None:
        while self._going:
            try:
                self.seen.update(await asyncio.to_thread(containers_of, self._home, url=self._url))
            except SandboxError:
                await asyncio.sleep(0.2)
            await asyncio.sleep(0.05)

    async def reaches(self, count: int) -> None:
        await until(lambda: self.done >= count, within_s=60, what=f"{self.done} done, {self.errors[-3:]}")

    def nothing_left(self) -> bool:
        return containers_of(self._home, url=self._url) == [] and traces_of(self.seen) == []

    def nothing_runs(self) -> bool:
        """For an engine that was killed: one that dies while it starts a container forgets the control group that it had
        just made, which stays behind empty. Processes, mounts and containers are ours."""
        left = [trace for trace in traces_of(self.seen) if not trace.startswith("cgroup ")]
        return containers_of(self._home, url=self._url) == [] and left == []

    def what_is_left(self) -> str:
        return f"{containers_of(self._home, url=self._url)} {traces_of(self.seen)}"

    @classmethod
    @asynccontextmanager
    async def on(cls, backend: SandboxBackend, home: Path, url: str | None = None) -> AsyncIterator[Load]:
        """Under load inside the block; after it every caller has ended by itself."""
        load = cls(backend, home, url or docker_url())
        tasks = [asyncio.create_task(load.caller()) for _ in range(CALLERS)]
        tasks.append(asyncio.create_task(load.watch()))
        try:
            await load.reaches(CALLERS)
            yield load
        finally:
            load._going = False
            done, late = await asyncio.wait(tasks, timeout=90)
            for task in late:
                task.cancel()
        assert not late, "a caller waits for ever"
        for task in done:
            task.result()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "run" / "owners").mkdir(parents=True)
    return tmp_path


def owners(home: Path) -> list[str]:
    return os.listdir(home / "run" / "owners")


async def direct(home: Path, url: str | None = None) -> DockerBackend:
    backend = DockerBackend(SandboxSettings(docker_host=url or docker_url(), concurrency=CALLERS), home)
    status = await backend.probe()
    if "python" not in status.profiles:
        pytest.skip(f"{status.detail}; {status.remedy}")
    return backend


HOLDER = """
import asyncio, sys
from pathlib import Path
from qlp.config import SandboxSettings
from qlp.sandbox.docker import DockerBackend
from tests.chaos.test_sandbox_leaks import Load
async def main():
    home = Path(sys.argv[1])
    backend = DockerBackend(SandboxSettings(docker_host=sys.argv[2], concurrency=3), home)
    async with Load.on(backend, home, sys.argv[2]) as load:
        print("ready", flush=True)
        await asyncio.sleep(120)
asyncio.run(main())
"""


async def test_kill_9_of_a_process_that_holds_sandboxes(home: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(home), docker_url(), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    backend = await direct(home)
    load = Load(backend, home, docker_url())
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
        for _ in range(10):
            load.seen.update(containers_of(home))
            await asyncio.sleep(0.05)
    finally:
        process.kill()
        await process.wait()
    await asyncio.sleep(0.5)  # what the engine was asked for just now
    await backend.reap()
    await until(load.nothing_left, what=load.what_is_left())
    assert load.seen
    assert owners(home) == [backend.owner_id]
    await backend.close()
    assert owners(home) == []


async def test_kill_9_of_runners_under_load(home: Path) -> None:
    backend = await direct(home)
    client = Engine(dial_url(docker_url()), docker_url())
    killed = 0
    async with Load.on(backend, home) as load:
        for _ in range(40):
            for container in containers_of(home):
                pid = pid_of(client, container)
                if pid and killed < 6:
                    killed += kill(pid)
            await asyncio.sleep(0.05)
        await load.reaches(load.done + CALLERS)
    assert killed
    assert load.errors, "somebody was told"
    assert load.nothing_left(), load.what_is_left()
    await backend.close()


async def test_kill_9_of_the_shims_under_load(home: Path) -> None:
    backend = await direct(home)
    client = Engine(dial_url(docker_url()), docker_url())
    killed = 0
    async with Load.on(backend, home) as load:
        for _ in range(40):
            for container in containers_of(home):
                pid = pid_of(client, container)
                if pid and killed < 2 and (shim := parent_of(pid)) > 1:
                    killed += kill(shim)
            await asyncio.sleep(0.05)
        await load.reaches(load.done + CALLERS)
    assert killed
    await backend.reap()
    await until(load.nothing_left, what=load.what_is_left())
    await backend.close()


async def test_kill_9_of_sandboxd_under_load(home: Path) -> None:
    async with sandboxd(home) as daemon:
        backend = daemon.backend(concurrency=CALLERS)
        async with Load.on(backend, home) as load:
            for _ in range(3):
                before = await backend.stats()
                os.kill(before.pid, signal.SIGKILL)
                await load.reaches(load.done + CALLERS)
                assert (await backend.stats()).pid != before.pid
        await backend.close()
        await until(load.nothing_left, what=load.what_is_left())
        await until(lambda: owners(home) == [], what="lock files of leases that are over")


async def test_kill_9_of_sandboxd_and_its_keeper_under_load(home: Path) -> None:
    async with sandboxd(home) as first:
        backend = first.backend(concurrency=CALLERS)
        async with Load.on(backend, home) as load:
            worker = (await backend.stats()).pid
            first.process.kill()
            os.kill(worker, signal.SIGKILL)
            first.process.wait()
            await until(lambda: len(load.errors) >= CALLERS, what="callers are told")
            second = start(home)
            await load.reaches(load.done + CALLERS)
        await backend.close()
        await until(load.nothing_left, what=load.what_is_left())
        await until(lambda: owners(home) == [], what="lock files of leases that are over")
        await second.stop()


@pytest.fixture(scope="module")
async def other() -> AsyncIterator[SecondEngine]:
    made = second_engine()
    try:
        await made.start()
        await asyncio.to_thread(made.load, "python")
        yield made
    finally:
        await made.remove()


@pytest.mark.parametrize("through", ["direct", "sandboxd"])
async def test_kill_9_of_the_engine_under_load(home: Path, other: SecondEngine, through: str) -> None:
    async def under(backend: SandboxBackend) -> Load:
        async with Load.on(backend, home, other.url) as load:
            other.kill()
            await until(lambda: len(load.errors) >= CALLERS, what="callers are told")
            assert all("start" in str(error) or "ended" in str(error) for error in load.errors)
            await other.start()
            await load.reaches(load.done + CALLERS)
        return load

    if through == "direct":
        backend = await direct(home, other.url)
        load = await under(backend)
        await backend.reap()
        await until(load.nothing_runs, what=load.what_is_left())
        await backend.close()
    else:
        async with sandboxd(home, url=other.url) as daemon:
            behind = daemon.backend(concurrency=CALLERS)
            load = await under(behind)
            await behind.close()
            await until(load.nothing_runs, what=load.what_is_left())
    await until(lambda: owners(home) == [])


def kill(pid: int) -> bool:
    """False if it ended by itself just now."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def pid_of(client: Engine, container: str) -> int:
    """Process 1's, on the host; 0 if it does not run."""
    from qlp.sandbox.engine_calls import EngineRefusal

    try:
        return int(client.call("GET", f"/containers/{container}/json")["State"]["Pid"])
    except EngineRefusal:
        return 0


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0

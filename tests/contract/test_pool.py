"""The pool over real sandboxes: warm hits, tenants apart, and what a kill -9 of a pooled runner costs."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from qlp.config import SandboxSettings, Settings
from qlp.errors import NotFoundError, SandboxError, SandboxProtocolError, SandboxUnavailableError
from qlp.sandbox import engine
from qlp.sandbox.bubblewrap import BubblewrapBackend
from qlp.sandbox.container_host import OWNER_LABEL
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.protocol import Command, Job, Limits
from qlp.sandbox.service import SandboxService, places
from qlp.sandbox.work import SessionSpec, Work
from tests.support.sandboxd import containers, docker_url

pytestmark = pytest.mark.contract

Backend = DockerBackend | BubblewrapBackend
SIZE = SandboxSettings(memory_mb=256, pids=64, disk_mb=32, concurrency=2, warm={"python": 1}, keep=3)
LIMITS = Limits(memory_mb=256, pids=64, disk_mb=32, wall_s=30)


@pytest.fixture(
    params=[
        pytest.param(DockerBackend, marks=pytest.mark.docker, id="docker"),
        pytest.param(BubblewrapBackend, marks=pytest.mark.bubblewrap, id="bubblewrap"),
    ],
    scope="module",
)
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    made: Backend = request.param(places(SIZE), Settings().home)
    status = await made.probe()
    if not status.available or "python" not in status.profiles:
        pytest.skip(f"{status.name}: {status.detail}; {status.remedy}")
    yield made
    await made.close()


@pytest.fixture
async def service(backend: Backend) -> AsyncIterator[SandboxService]:
    made = SandboxService(backend, SIZE)
    made.start()
    await until(lambda: made.stats().warm.get("python", 0) >= 1)
    yield made
    await made.drain(5)
    assert runners(backend) == []


async def until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.05)


def runners(backend: Backend) -> list[str]:
    """Containers, or pids of bwrap, that this process has open."""
    if isinstance(backend, DockerBackend):
        return containers(f"{OWNER_LABEL}={backend.owner_id}")
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid() and b"bwrap" in (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except (OSError, IndexError, ValueError):
            continue
    return found


def kill_all(backend: Backend) -> None:
    for name in runners(backend):
        if isinstance(backend, DockerBackend):
            client = engine.connect(docker_url())
            client.api.kill(name)
            client.close()
        else:
            os.kill(int(name), signal.SIGKILL)


def python(code: str, tenant: str = "a", **fields: object) -> Work:
    job = Job(files={"main.py": code.encode()}, commands=(Command(argv=("python3", "main.py")),))
    told = {"profile": "python", "tenant": tenant, "limits": LIMITS, "job": job, **fields}
    return Work.model_validate(told)


WRITE = "open('/tmp/left', 'w').write('x'); open('/dev/shm/left', 'w').write('x'); open('left', 'w').write('x')"
LOOK = "import os; print([p for p in ('/tmp/left', '/dev/shm/left', 'left') if os.path.exists(p)])"


async def test_the_second_job_is_warm_and_sees_nothing_of_the_first(service: SandboxService) -> None:
    first = await service.execute(python(WRITE))
    assert first.path == "warm"
    second = await service.execute(python(LOOK))
    assert second.path == "warm"
    assert second.result.last.stdout == b"[]\n"
    assert service.stats().hits == 2


async def test_a_second_tenant_never_gets_the_firsts_sandbox(backend: Backend, service: SandboxService) -> None:
    paths: dict[str, list[str]] = {"a": [], "b": []}
    for tenant in ("a", "b", "a", "b"):
        done = await service.execute(python("print(1)", tenant))
        assert done.result.last.ok
        paths[tenant].append(done.path)
    assert paths["a"][1] == paths["b"][1] == "warm", "each has its own, and both are kept"
    assert set(service.stats().recycled) == set()
    assert len(runners(backend)) >= 2


async def test_output_is_heard_and_artefacts_come_back(service: SandboxService) -> None:
    pieces: list[bytes] = []
    code = "import time; print('one', flush=True); time.sleep(0.3); print('two'); open('out.txt', 'w').write('made')"
    work = python(code)
    work = work.model_copy(update={"job": work.job.model_copy(update={"fetch": ("out.txt",)})})
    done = await service.execute(work, on_output=lambda stream, data: pieces.append(data))
    assert done.result.artefacts == {"out.txt": b"made"}
    assert b"".join(pieces) == done.result.last.stdout == b"one\ntwo\n"


async def test_runners_killed_between_jobs_are_replaced_silently(backend: Backend, service: SandboxService) -> None:
    await service.execute(python("print(1)"))
    kill_all(backend)
    await until(lambda: service.stats().recycled.get("lost", 0) >= 1)
    assert (await service.execute(python("print(2)"))).result.last.stdout == b"2\n"


async def test_a_runner_killed_in_mid_job_is_a_typed_error_and_the_next_job_runs(
    backend: Backend, service: SandboxService
) -> None:
    job = asyncio.create_task(service.execute(python("import time; time.sleep(60)")))
    await until(lambda: service.stats().busy == 1)
    await asyncio.sleep(0.5)
    kill_all(backend)
    with pytest.raises((SandboxUnavailableError, SandboxProtocolError)):
        await asyncio.wait_for(job, 30)
    assert (await service.execute(python("print(2)"))).result.last.stdout == b"2\n"


async def test_kill_9_under_load_gives_everybody_a_result_or_a_typed_error(
    backend: Backend, service: SandboxService
) -> None:
    jobs = [asyncio.create_task(service.execute(python("print(1)", f"t{n % 2}"))) for n in range(12)]
    await until(lambda: service.stats().jobs >= 2)
    kill_all(backend)
    for end in await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 60):
        assert isinstance(end, SandboxError) or end.result.last.stdout == b"1\n", end
    assert (await service.execute(python("print(2)"))).result.last.stdout == b"2\n"


async def test_a_cancelled_job_leaves_nothing(backend: Backend, service: SandboxService) -> None:
    job = asyncio.create_task(service.execute(python("import time; time.sleep(60)")))
    await until(lambda: service.stats().busy == 1)
    await asyncio.sleep(0.3)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert service.stats().recycled["late"] == 1
    assert (await service.execute(python(LOOK))).result.last.stdout == b"[]\n"


async def test_out_of_memory_destroys_the_sandbox(service: SandboxService) -> None:
    done = await service.execute(python("x = bytearray(600 * 2**20); print(len(x))"))
    if not done.isolation.memory_enforced:
        pytest.skip("memory is not enforced for the whole sandbox here")
    assert done.result.last.oom
    assert service.stats().recycled["oom"] == 1
    assert (await service.execute(python("print(2)"))).result.last.stdout == b"2\n"


async def test_strict_jobs_never_share(service: SandboxService) -> None:
    for _ in range(2):
        done = await service.execute(python("print(1)", mode="strict"))
        assert done.mode == "strict"
        assert done.result.last.ok
    assert service.stats().recycled["strict"] == 2


async def test_a_session_keeps_its_files_until_it_is_closed(service: SandboxService) -> None:
    info = await service.open_session(SessionSpec(profile="python", tenant="a", limits=LIMITS))
    sandbox = await service.session(info.id, "a")
    await sandbox.put({"notes.txt": b"kept"})
    assert (await sandbox.run(Command(argv=("cat", "notes.txt")))).stdout == b"kept"
    assert (await service.execute(python(LOOK))).result.last.ok
    assert (await sandbox.run(Command(argv=("cat", "notes.txt")))).stdout == b"kept"
    await service.close_session(info.id, "a")
    with pytest.raises(NotFoundError):
        await sandbox.get("notes.txt")

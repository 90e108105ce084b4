"""Jobs that are interrupted: by their caller, by their caller's death, by another job; and the end of a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from pathlib import Path

import pytest

from qlp.errors import SandboxError
from qlp.sandbox import Command, Sandbox
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.protocol import Job, JobResult
from tests.hostile.census import census, settled
from tests.hostile.conftest import Target
from tests.hostile.left import left_on_host, traces_of
from tests.hostile.program import LIMITS, Program
from tests.hostile.programs import PROGRAMS

BY_ID = {program.id: program for program in PROGRAMS}
# Programs that do not end by themselves, each bad in another way.
ENDLESS = ("fork_bomb_exponential", "ignore_signals", "flood_stdout", "respawn_until_deadline", "stop_everyone")


def endless(id: str) -> Job:
    program = BY_ID[id]
    return program.job().model_copy(update={"commands": (program.command.model_copy(update={"wall_s": 15.0}),)})


@pytest.mark.parametrize("id", ENDLESS)
@pytest.mark.parametrize("after_s", [0.0, 0.4])
async def test_a_job_that_is_cancelled_in_mid_run_is_gone(shared: Target, id: str, after_s: float) -> None:
    box, before = await shared.warm()
    task = asyncio.create_task(box.job(endless(id)))
    await asyncio.sleep(after_s)
    task.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    try:
        left = await settled(box, before)
    except (SandboxError, AssertionError) as error:
        await shared.lose("python", LIMITS)
        pytest.fail(f"the sandbox did not go on: {error!r}")
    assert not left
    assert time.monotonic() - began < 10, "it ended at its own deadline and not by being cancelled"


async def test_a_listener_gets_no_more_than_the_cap(shared: Target) -> None:
    box, before = await shared.warm()
    got = {"stdout": 0, "stderr": 0}

    def listen(stream: str, data: bytes) -> None:
        got[stream] += len(data)

    result = await box.job(BY_ID["flood_stdout"].job(), on_output=listen)
    assert result.last.truncated
    assert 0 < got["stdout"] <= LIMITS.output_bytes
    assert not await settled(box, before)


async def test_a_listener_that_fails_does_not_lose_the_sandbox(shared: Target) -> None:
    box, before = await shared.warm()

    def listen(stream: str, data: bytes) -> None:
        raise RuntimeError("the listener's own fault")

    with contextlib.suppress(RuntimeError):  # either the caller hears of it or the job goes on; the sandbox has to
        await box.job(Job(commands=(Command(argv=("echo", "x")),)), on_output=listen)
    assert not await settled(box, before)


async def test_one_job_cannot_reach_another_at_the_same_time(shared: Target) -> None:
    """Jobs of one sandbox run one after the other or side by side: either way they do not meet."""
    box, before = await shared.warm()
    victim = Job(
        files={"secret.txt": b"secret"},
        commands=(
            Command(
                argv=("sh", "-c", "echo s > /tmp/secret; echo s > /dev/shm/secret; sleep 1.5; cat secret.txt"),
                wall_s=10,
            ),
        ),
    )
    spy = Program(
        id="spy",
        item="",
        tries="",
        source="""
try: os.kill(-1, signal.SIGKILL)
except OSError: pass
found = []
for p in os.listdir("/proc"):
    if p.isdigit() and b"sleep" in open("/proc/%s/cmdline" % p, "rb").read(): found.append(p)
verdict(processes=len(found), tmp=len(os.listdir("/tmp")), shm=len(os.listdir("/dev/shm")), secret=os.path.exists("secret.txt"))
""",
        expected=BY_ID["signal_init"].expected,
    )
    first, second = await asyncio.gather(box.job(victim), _later(box, spy.job()))
    assert (first.last.exit_code, first.last.stdout) == (0, b"secret")
    assert b"VERDICT processes=0 tmp=0 shm=0 secret=False" in second.last.stdout
    assert not await settled(box, before)


async def _later(box: Sandbox, job: Job) -> JobResult:
    await asyncio.sleep(0.5)
    return await box.job(job)


async def test_the_census_sees_what_is_left(shared: Target) -> None:
    """The judge of all other tests can say no: what a session leaves on purpose is found."""
    async with shared.open() as box:
        before = await census(box)
        handle = await box.start(Command(argv=("sleep", "60")))
        await box.run(Command(argv=("sh", "-c", "echo x > left; echo x > /tmp/left; echo x > /dev/shm/left")))
        left = " ".join(await settled(box, before))
        for place in ("session.workspace", "session.tmp", "session.shm", "session.processes"):
            assert place in left
        assert "job." not in left, "a fresh job sees nothing of the session"
        await box.stop(handle)


async def test_a_sandbox_that_ends_under_attack_leaves_the_host_as_it_was(shared: Target) -> None:
    state = host_state()
    before = set(left_on_host(shared.backend))
    ids: list[str] = []

    async def die() -> None:
        async with shared.open() as box:
            ids.extend(set(left_on_host(shared.backend)) - before)
            await box.start(Command(argv=("sh", "-c", "while true; do sleep 1 & sleep 0.05; done")))
            await box.job(BY_ID["ipc_leftovers"].job())
            attack = asyncio.create_task(box.job(endless("fork_bomb_exponential")))
            await asyncio.sleep(0.5)
            attack.cancel()
            raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        await die()
    assert ids
    assert set(left_on_host(shared.backend)) == before
    if isinstance(shared.backend, DockerBackend):
        assert traces_of(ids) == []
    assert host_state() == state


def host_state() -> dict[str, str]:
    """What the programs of this suite try to change on the machine."""
    names = ("core_pattern", "hostname", "modprobe", "ns_last_pid", "sysrq")
    found = {}
    for name in names[:3] + names[4:]:
        file = Path("/proc/sys/kernel") / name
        found[name] = file.read_text() if file.exists() else ""
    found["ipc"] = "".join(sorted(Path(f"/proc/sysvipc/{kind}").read_text() for kind in ("msg", "sem")))
    found["left"] = str([path.name for path in Path("/tmp").glob("qlp-hostile*")])
    return found


CLIENT = """
import asyncio, sys
from qlp.config import Settings
from qlp.sandbox import Command, Limits
from qlp.sandbox.protocol import Job, JobResult
from qlp.sandbox.{module} import {name} as B
async def main():
    b = B(Settings().sandbox, Settings().home)
    async with b.open("python", Limits(memory_mb=256, pids=64, disk_mb=24), runtime={runtime!r}) as box:
        job = Job(files={{"hostile.py": sys.stdin.buffer.read()}}, commands=(Command(argv=("python3", "hostile.py", "{mark}"), wall_s=60),))
        await box.job(job, on_output=lambda *_: print("running", flush=True))
asyncio.run(main())
"""


async def test_a_client_that_is_gone_takes_its_program_along(shared: Target) -> None:
    mark = f"qlp-hostile-client-{time.monotonic_ns()}"
    module, name = type(shared.backend).__module__.rsplit(".", 1)[1], type(shared.backend).__name__
    code = CLIENT.format(module=module, name=name, runtime=shared.runtime, mark=mark)
    source = BY_ID["ignore_signals"].text
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(source)
        process.stdin.close()
        assert await asyncio.wait_for(process.stdout.readline(), 40) == b"running\n"
        assert shared.name == "runsc" or running(mark)
    finally:
        process.kill()
        await process.wait()
    for _ in range(150):
        if not running(mark):
            break
        await asyncio.sleep(0.1)
    assert not running(mark)
    await shared.backend.reap()


def running(mark: str) -> list[str]:
    """Processes of this machine, in whatever namespace, with the mark among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parts = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if mark.encode() in parts:
                found.append(entry.name)
    return found

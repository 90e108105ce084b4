"""sandboxd as a process of its own: who may ask, what a lease is, and what happens when either side goes away."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from qlp.config import SandboxSettings
from qlp.errors import InputError, OverloadedError, SandboxUnavailableError
from qlp.sandbox import Command, Limits, images, open_backend, probe_daemon
from qlp.sandbox.daemon import client
from qlp.sandbox.daemon.client import DaemonBackend
from qlp.sandbox.profiles import AddedProfile, record_path
from tests.support.sandboxd import ROOT, Daemon, docker_url, sandboxd, until

pytestmark = pytest.mark.docker

SMALL = Limits(wall_s=60, memory_mb=128, pids=32, cpus=1, disk_mb=16)
NOBODY = 65534


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    async with sandboxd(tmp_path) as running:
        status = await probe_daemon(running.settings(), tmp_path)
        assert status is not None
        if "python" not in status.profiles:
            pytest.skip(f"{status.detail}; run: qlp sandbox build python")
        yield running


def worker_of(daemon: Daemon) -> int:
    """The keeper's child."""
    children = Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children").read_text().split()
    return int(children[0])


def status_of(pid: int) -> dict[str, str]:
    """proc(5): `status`."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


async def echo(backend: DaemonBackend, word: str = "hi") -> bytes:
    async with backend.open("python", SMALL) as box:
        return (await box.run(Command(argv=("echo", word)))).stdout


async def test_the_best_backend_is_sandboxd_where_it_listens(daemon: Daemon) -> None:
    backend = await open_backend(SandboxSettings(), daemon.home)
    assert isinstance(backend, DaemonBackend)
    assert await echo(backend) == b"hi\n"
    stats = await backend.stats()
    assert (stats.open, stats.acquired) == (0, 1)
    await backend.close()


async def test_a_named_sandboxd_is_not_replaced_by_the_engine(tmp_path: Path) -> None:
    settings = SandboxSettings(daemon_socket=tmp_path / "nobody.sock", docker_host=docker_url())
    with pytest.raises(SandboxUnavailableError, match="qlp sandboxd"):
        await open_backend(settings, tmp_path)


async def test_root_is_given_up(daemon: Daemon) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has something to give up")
    backend = daemon.backend()
    stats = await backend.stats()
    assert stats.dropped
    assert stats.uid != 0
    fields = status_of(stats.pid)
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
    assert fields["NoNewPrivs"].strip() == "1"
    assert fields["Groups"].strip() == ""
    await backend.close()


async def test_callers_get_nothing_over_the_ceilings(daemon: Daemon) -> None:
    backend = daemon.backend()
    for limits in (
        Limits(memory_mb=1 << 30),
        Limits(pids=100_000),
        Limits(cpus=float("nan")),
        Limits(disk_mb=1 << 20),
        Limits(memory_mb=-1),
    ):
        with pytest.raises(InputError, match="QLP_SANDBOX__"):
            async with backend.open("python", limits):
                raise AssertionError("opened")
    with pytest.raises(InputError, match="no such sandbox profile"):
        async with backend.open("../../etc", SMALL):
            raise AssertionError("opened")
    with pytest.raises(InputError, match="runtime"):
        async with backend.open("python", SMALL, runtime="/bin/sh"):
            raise AssertionError("opened")
    assert daemon.left() == []
    await backend.close()


async def test_a_profile_added_later_needs_no_restart(daemon: Daemon) -> None:
    backend = daemon.backend()
    with pytest.raises(InputError):
        await backend.daemon.acquire("mine", SMALL, tenant="t", runtime=None)
    record = record_path("mine", daemon.home)
    record.parent.mkdir(parents=True)
    added = AddedProfile(
        name="mine", kind="python", base="python", source="x", digest="x", image=images.image_ref("python")
    )
    record.write_text(added.model_dump_json())
    grant = await backend.daemon.acquire("mine", SMALL, tenant="t", runtime=None)
    grant.connection.close()
    await backend.daemon.release(grant)
    assert daemon.left() == []
    await backend.close()


ASK = """
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(20)
os.setgroups([])
os.setgid({gid})
os.setuid({uid})
try:
    s.connect(sys.argv[1])
except PermissionError:
    print("no way in")
    sys.exit()
s.send(b'{{"op": "acquire", "id": 1, "profile": "python", "tenant": "thief", "limits": {{"memory_mb": 128}}}}')
print(s.recv(4096).decode())
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that other users can enter."""
    folder = Path(tempfile.mkdtemp(prefix="qlp-door-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("args", [(), ("--allow-uid", str(NOBODY))], ids=["refused", "allowed"])
async def test_other_users_are_refused_unless_they_are_on_the_list(
    tmp_path: Path, open_folder: Path, args: tuple[str, ...]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    socket = open_folder / "s.sock"

    async def ask(gid: int) -> str:
        code = ASK.format(uid=NOBODY, gid=gid)
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(socket), stdout=-1)
        return (await asyncio.wait_for(process.communicate(), 60))[0].decode()

    environment = {"QLP_SANDBOX__DAEMON_SOCKET": str(socket)}
    (tmp_path / "run").mkdir()
    (tmp_path / "run/sandboxd.sock").symlink_to(socket)  # what the fixture waits for
    async with sandboxd(tmp_path, "--group", "4242", *args, environment=environment) as daemon:
        assert "no way in" in await ask(gid=NOBODY), "the file's mode keeps out who is not in the group"
        answer = await ask(gid=4242)
        if args:
            assert "isolation" in answer
        else:
            assert "unauthorized" in answer
            assert "--allow-uid" in answer
        await until(lambda: daemon.left() == [], what="the lease of a caller that went away")
        assert daemon.process.poll() is None


async def test_one_callers_end_is_not_anothers(daemon: Daemon) -> None:
    one, two = daemon.backend(), daemon.backend()
    async with one.open("python", SMALL) as box, two.open("python", SMALL):
        assert len(daemon.left()) == 2
        await two.close()
        await until(lambda: len(daemon.left()) == 1)
        assert (await box.run(Command(argv=("true",)))).ok
    assert daemon.left() == []
    await one.close()


async def test_nobody_can_release_anothers_container(daemon: Daemon) -> None:
    from qlp.errors import NotFoundError
    from qlp.sandbox.daemon.wire import Release

    one, two = daemon.backend(), daemon.backend()
    grant = await one.daemon.acquire("python", SMALL, tenant="t", runtime=None)
    line = await two.daemon._connected()
    with pytest.raises(NotFoundError):
        await line.ask(Release(id=line.next_id(), container=grant.id), timeout_s=20)
    assert len(daemon.left()) == 1
    grant.connection.close()
    await one.daemon.release(grant)
    await one.close()
    await two.close()


async def test_more_than_the_ceiling_of_open_containers_is_overload(tmp_path: Path) -> None:
    few = {"QLP_SANDBOX__KEEP": "0", "QLP_SANDBOX__SESSIONS": "0", "QLP_SANDBOX__CONCURRENCY": "1"}
    async with sandboxd(tmp_path, environment=few) as daemon:
        backend = daemon.backend(concurrency=20)
        most = (await backend.stats()).most_open
        results = await asyncio.gather(
            *(backend.daemon.acquire("python", SMALL, tenant="t", runtime=None) for _ in range(most + 2)),
            return_exceptions=True,
        )
        refused = [r for r in results if isinstance(r, BaseException)]
        assert [type(r) for r in refused] == [OverloadedError] * 2
        await backend.close()
        for grant in results:
            if not isinstance(grant, BaseException):
                grant.connection.close()
                assert grant.lock is not None
                os.close(grant.lock)
        await until(lambda: daemon.left() == [])


@pytest.mark.chaos
async def test_kill_9_of_sandboxd_costs_nobody_a_sandbox(daemon: Daemon) -> None:
    backend = daemon.backend()
    first = worker_of(daemon)
    async with backend.open("python", SMALL) as box:
        await box.put({"a": b"1"})
        os.kill(first, signal.SIGKILL)
        assert (await box.run(Command(argv=("cat", "a")))).stdout == b"1", "its data never passed through sandboxd"
        assert await echo(backend) == b"hi\n", "callers wait for the new one"
        stats = await backend.stats()
        assert stats.pid != first
        await asyncio.sleep(0.5)  # the new one's first look for leftovers
        assert (await box.run(Command(argv=("cat", "a")))).stdout == b"1", "what is in use is no leftover"
    await until(lambda: daemon.left() == [])
    await backend.close()


@pytest.mark.chaos
async def test_an_ended_sandboxd_leaves_open_sandboxes_to_their_users(daemon: Daemon) -> None:
    backend = daemon.backend()
    async with backend.open("python", SMALL) as box:
        await daemon.stop()
        assert daemon.process.returncode == 0
        assert not daemon.socket.exists()
        assert (await box.run(Command(argv=("echo", "on")))).stdout == b"on\n"
        with pytest.raises(SandboxUnavailableError, match="qlp sandboxd"):
            await echo(backend)
    await until(lambda: daemon.left() == [], what="the runner ended with its stream")
    await backend.close()


@pytest.mark.chaos
async def test_a_stopped_sandboxd_is_a_typed_error_in_time(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ACQUIRE_S", 2.0)
    backend = daemon.backend()
    await backend.stats()
    worker = worker_of(daemon)
    os.kill(worker, signal.SIGSTOP)
    try:
        with pytest.raises(SandboxUnavailableError, match="did not answer `acquire` within"):
            await asyncio.wait_for(echo(backend), 30)
    finally:
        os.kill(worker, signal.SIGCONT)
    assert await echo(backend) == b"hi\n"
    await until(lambda: daemon.left() == [], what="what came too late was given back")
    await backend.close()


@pytest.mark.chaos
@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.2])
async def test_callers_that_vanish_in_mid_acquire_leave_nothing(daemon: Daemon, after_s: float) -> None:
    code = (
        "import asyncio,sys\nfrom pathlib import Path\nfrom qlp.sandbox import Limits\n"
        "from qlp.config import SandboxSettings\nfrom qlp.sandbox.daemon.client import DaemonBackend\n"
        "async def main():\n"
        "  b=DaemonBackend(SandboxSettings(daemon_socket=Path(sys.argv[1])),Path(sys.argv[2])).daemon\n"
        "  await b.stats(); print('go',flush=True)\n"
        "  await asyncio.gather(*(b.acquire('python',Limits(memory_mb=128),tenant='t',runtime=None) for _ in range(4)))\n"
        "  await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(daemon.socket), str(daemon.home), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"go\n"
    await asyncio.sleep(after_s)
    process.kill()
    await process.wait()
    await asyncio.sleep(1.0)
    await until(lambda: daemon.left() == [])
    backend = daemon.backend()
    assert (await backend.stats()).open == 0
    await backend.close()

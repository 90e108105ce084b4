"""The contract of one-shot jobs: namespaces of their own, limits, exact verdicts, and nothing left of them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from qlp.config import SandboxSettings, Settings
from qlp.errors import InputError, SandboxUnavailableError, StorageError
from qlp.sandbox import Command, ExecResult, Limits
from qlp.sandbox.bubblewrap import BubblewrapBackend
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.protocol import Job, JobResult, Stream
from qlp.sandbox.session import Session

pytestmark = pytest.mark.contract

Backend = DockerBackend | BubblewrapBackend
SMALL = Limits(wall_s=30, memory_mb=256, pids=64, cpus=2, disk_mb=32, file_mb=16, output_bytes=65536, inodes=2000)


@pytest.fixture(
    params=[
        pytest.param(DockerBackend, marks=pytest.mark.docker, id="docker"),
        pytest.param(BubblewrapBackend, marks=pytest.mark.bubblewrap, id="bubblewrap"),
    ],
    scope="module",
)
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    made: Backend = request.param(SandboxSettings(concurrency=4), Settings().home)
    status = await made.probe()
    if not status.available or "python" not in status.profiles:
        pytest.skip(f"{status.name}: {status.detail}; {status.remedy}")
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def shared(backend: Backend) -> AsyncIterator[Session]:
    """One sandbox for all of this file's tests that leave it well, as a pool would use it."""
    async with backend.open("python", SMALL) as opened:
        assert isinstance(opened, Session)
        if not opened.isolation.job_namespaces:
            pytest.skip("the runner cannot make namespaces here; Isolation.job_namespaces says so")
        yield opened


@pytest.fixture
async def box(shared: Session) -> AsyncIterator[Session]:
    """Each test ends with the sandbox well and a next job as if nothing had been."""
    yield shared
    assert shared.healthy, shared.ailment
    assert (await shell(shared, "echo alive; ls -A /workspace /tmp /dev/shm")).stdout == (
        b"alive\n/dev/shm:\n\n/tmp:\n\n/workspace:\n.home\n"
    )


def script(code: str, **options: Any) -> Job:
    return Job(files={"main.py": code.encode()}, commands=(Command(argv=("python3", "main.py")),), **options)


async def python(box: Session, code: str, **options: Any) -> ExecResult:
    return (await box.job(script(code, **options))).last


async def shell(box: Session, line: str, **options: Any) -> ExecResult:
    return (await box.job(Job(commands=(Command(argv=("sh", "-c", line), **options),)))).last


# --- what a job is -------------------------------------------------------------------------------------------------


async def test_localhost_is_the_job_s_own_loopback(box: Session) -> None:
    code = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); "
        "socket.create_connection(('localhost', s.getsockname()[1]), 2).close(); print('reached')"
    )
    result = await box.job(Job(commands=(Command(argv=("python3", "-c", code)),)))
    assert result.last.stdout == b"reached\n", result


async def test_files_in_commands_in_order_artefacts_out(box: Session) -> None:
    told: list[tuple[Stream, bytes]] = []
    job = Job(
        files={"src/in.txt": b"hello", "build.sh": b"#!/bin/sh\ntr a-z A-Z < src/in.txt > out.txt; echo built\n"},
        executable=frozenset({"build.sh"}),
        commands=(
            Command(argv=("./build.sh",)),
            Command(argv=("sh", "-c", "cat ../out.txt -; pwd >&2"), cwd="src", stdin=b" world", env={"A": "b"}),
        ),
        fetch=("out.txt", "src/in.txt", "none.txt"),
    )
    result = await box.job(job, on_output=lambda stream, data: told.append((stream, data)))
    assert [r.exit_code for r in result.results] == [0, 0]
    assert [r.stdout for r in result.results] == [b"built\n", b"HELLO world"]
    assert result.last.stderr == b"/workspace/src\n"
    assert result.artefacts == {"out.txt": b"HELLO", "src/in.txt": b"hello"}
    assert result.missing.keys() == {"none.txt"}
    assert b"".join(data for stream, data in told if stream == "stdout") == b"built\nHELLO world"
    assert b"".join(data for stream, data in told if stream == "stderr") == b"/workspace/src\n"


async def test_the_first_command_that_fails_is_the_last(box: Session) -> None:
    job = Job(commands=tuple(Command(argv=("sh", "-c", line)) for line in ("exit 0", "echo bad; exit 3", "echo never")))
    result = await box.job(job)
    assert [(r.exit_code, r.stdout) for r in result.results] == [(0, b""), (3, b"bad\n")]


async def test_verdicts_are_exact(box: Session) -> None:
    assert (await shell(box, "exit 42")).exit_code == 42
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
        result = await shell(box, f"kill -{int(number)} $$")
        assert (result.exit_code, result.signal, result.oom, result.timed_out) == (None, number, False, False)
    missing = (await box.job(Job(commands=(Command(argv=("no-such-program",)),)))).last
    assert (missing.exit_code, b"no-such-program" in missing.stderr) == (127, True)
    nowhere = (await box.job(Job(commands=(Command(argv=("true",), cwd="nowhere"),)))).last
    assert (nowhere.exit_code, b"nowhere" in nowhere.stderr) == (126, True)


async def test_output_arrives_while_the_job_runs(box: Session) -> None:
    first = asyncio.Event()
    job = Job(commands=(Command(argv=("sh", "-c", "echo one; read line; echo two; sleep 30"), wall_s=20),))
    task = asyncio.create_task(box.job(job, on_output=lambda stream, data: first.set()))
    await asyncio.wait_for(first.wait(), 10)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_listener_that_fails_fails_its_own_job_only(box: Session) -> None:
    def listener(stream: Stream, data: bytes) -> None:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        await box.job(Job(commands=(Command(argv=("sh", "-c", "echo x; sleep 30")),)), on_output=listener)


async def test_large_input_and_output_flow_at_the_same_time(box: Session) -> None:
    data = os.urandom(60_000)
    assert (await box.job(Job(commands=(Command(argv=("cat",), stdin=data),)))).last.stdout == data
    flood = (await box.job(Job(commands=(Command(argv=("cat",), stdin=b"x" * 8_000_000),)))).last
    assert (flood.ok, flood.truncated, len(flood.stdout)) == (True, True, SMALL.output_bytes)
    assert (await box.job(Job(commands=(Command(argv=("true",), stdin=b"x" * 4_000_000),)))).last.ok


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a\0b", "dir/", "."])
async def test_bad_paths_are_refused(box: Session, path: str) -> None:
    with pytest.raises(InputError):
        await box.job(Job(files={path: b""}, commands=(Command(argv=("true",)),)))
    with pytest.raises(InputError):
        await box.job(Job(commands=(Command(argv=("true",)),), fetch=(path,)))


async def test_files_that_do_not_fit_are_a_storage_error(box: Session) -> None:
    with pytest.raises(StorageError):
        await box.job(Job(files={f"f{i}": b"x" * 8_000_000 for i in range(6)}, commands=(Command(argv=("true",)),)))
    with pytest.raises(StorageError):
        await box.job(Job(files={f"f{i}": b"" for i in range(3000)}, commands=(Command(argv=("true",)),)))


# --- artefacts -----------------------------------------------------------------------------------------------------

TRAPS = """
import os, socket
os.symlink('/etc/passwd', 'link'); os.symlink('/etc', 'folder-link'); os.mkfifo('pipe'); os.mkdir('folder')
socket.socket(socket.AF_UNIX).bind('socket'); os.symlink('main.py', 'own-link'); os.symlink('/proc/1/mem', 'memory')
for source in ('/etc/passwd', '/proc/1/mem'):
    try: os.link(source, 'hard'); print('LINKED', source)
    except OSError: pass
try: os.mknod('device', 0o20666, os.makedev(1, 5)); print('MADE')
except OSError: pass
os.chmod('main.py', 0); open('small', 'w').write('x' * 10); open('large', 'wb').write(b'x' * 2000)
"""


async def test_only_regular_files_of_the_workspace_come_out(box: Session) -> None:
    names = (
        "link",
        "own-link",
        "folder-link/passwd",
        "pipe",
        "socket",
        "folder",
        "memory",
        "hard",
        "device",
        "nothing",
    )
    result = await box.job(script(TRAPS, fetch=(*names, "main.py", "large", "small"), fetch_bytes=1000))
    assert result.last.stdout == b""
    assert result.artefacts == {"small": b"x" * 10}
    assert result.missing.keys() == {*names, "main.py", "large"}
    assert all(result.missing.values())


async def test_a_sparse_terabyte_costs_nothing(box: Session) -> None:
    result = await box.job(script("open('sparse', 'wb').truncate(1 << 40)", fetch=("sparse",)))
    assert not result.last.ok
    assert result.artefacts.get("sparse", b"") == b""


# --- nothing meets the next job ------------------------------------------------------------------------------------

LEAVE = """
import ctypes, mmap, os, socket, subprocess, sys, time
for place in ('/workspace', '/workspace/.home', '/tmp', '/dev/shm'):
    open(place + '/left', 'w').write('left')
libc = ctypes.CDLL(None, use_errno=True)
print(libc.shmget(4242, 4096, 0o1666) >= 0, libc.semget(4242, 1, 0o1666) >= 0, libc.msgget(4242, 0o1666) >= 0)
try: print(libc.mq_open(b'/left', os.O_CREAT | os.O_RDWR, 0o666, None) >= 0)
except AttributeError: print(True)
a = socket.socket(socket.AF_UNIX); a.bind('\\0left'); a.listen()
t = socket.create_server(('127.0.0.1', 4242))
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    while True: time.sleep(1)
subprocess.Popen(['sleep', '1000'], start_new_session=True)
print(os.uname().nodename)
"""

LOOK = """
import ctypes, os, socket
found = [p for p in ('/workspace', '/workspace/.home', '/tmp', '/dev/shm') if os.path.exists(p + '/left')]
libc = ctypes.CDLL(None, use_errno=True)
found += [n for n, call in (('shm', libc.shmget), ('msg', libc.msgget)) if call(4242, 0, 0) >= 0]
found += ['sem'] * (libc.semget(4242, 0, 0) >= 0)
found += ['mq'] * os.path.exists('/dev/mqueue/left')
for name, address, family in (('abstract', '\\0left', socket.AF_UNIX), ('port', ('127.0.0.1', 4242), socket.AF_INET)):
    try: socket.socket(family).connect(address); found.append(name)
    except OSError: pass
pids = sorted(int(p) for p in os.listdir('/proc') if p.isdigit())
print(found, len(pids), pids[0], os.uname().nodename)
"""


async def test_leftovers_of_every_kind_are_gone(box: Session) -> None:
    left = await python(box, LEAVE)
    assert left.stdout == b"True True True\nTrue\nsandbox\n", left.stderr
    assert (await python(box, LOOK)).stdout == b"[] 2 1 sandbox\n"


async def test_two_jobs_at_once_do_not_see_each_other(box: Session) -> None:
    hold = asyncio.create_task(python(box, LEAVE + "\nprint('up', flush=True); time.sleep(2)"))
    await asyncio.sleep(1)
    assert (await python(box, LOOK)).stdout == b"[] 2 1 sandbox\n"
    assert (await hold).stdout.endswith(b"up\n")


async def test_what_one_command_leaves_running_is_killed_before_the_next(box: Session) -> None:
    job = Job(
        files={"main.py": LEAVE.encode(), "look.py": LOOK.encode()},
        commands=(Command(argv=("python3", "main.py")), Command(argv=("python3", "look.py"))),
    )
    found = (await box.job(job)).last.stdout
    assert b"abstract" not in found
    assert b"port" not in found
    assert b"] 2 1 sandbox" in found


async def test_jobs_do_not_touch_a_session_and_it_does_not_touch_them(backend: Backend) -> None:
    async with backend.open("python", SMALL) as mine:
        await mine.put({"kept.txt": b"session"})
        handle = await mine.start(Command(argv=("python3", "-m", "http.server", "4242", "--bind", "127.0.0.1")))
        for _ in range(100):
            if (await mine.http("GET", 4242, "/")).status:
                break
            await asyncio.sleep(0.1)
        assert (await mine.job(script(LOOK))).last.stdout == b"[] 2 1 sandbox\n"
        assert (await mine.job(Job(commands=(Command(argv=("sh", "-c", "kill -9 -1; ls /workspace")),)))).results
        assert await mine.poll(handle) is None
        assert await mine.get("kept.txt") == b"session"
        await mine.stop(handle)


# --- isolation -----------------------------------------------------------------------------------------------------


async def test_a_job_has_no_right_at_all(box: Session) -> None:
    code = (
        "s = dict(l.split(':\\t', 1) for l in open('/proc/self/status').read().splitlines() if ':\\t' in l)\n"
        "print([s[k].strip('0') for k in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')], s['NoNewPrivs'], s['Seccomp'])"
    )
    assert (await python(box, code)).stdout == b"['', '', '', '', ''] 1 2\n"


@pytest.mark.parametrize(
    "line",
    [
        "head -c 1 /proc/1/mem", "cat /proc/1/environ", "ls /proc/1/fd", "ls /proc/1/root/", "cat /proc/1/fd/0",
        "echo b > /proc/sysrq-trigger", "echo x > /proc/sys/kernel/core_pattern", "echo 0 > /proc/self/oom_score_adj",
        "head -c 1 /proc/kcore", "cat /sys/fs/cgroup/*/*", "echo 1 > /sys/fs/cgroup/cgroup.procs", "cat /run/qlp/oom | grep .",
        "echo x > /planted", "echo x > /usr/planted", "echo x > /dev/planted", "echo x > /etc/hosts", "cat /proc/keys | grep .",
    ],
)  # fmt: skip
async def test_what_a_job_must_not_reach(box: Session, line: str) -> None:
    assert not (await shell(box, line)).ok


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("unshare", "call(UNSHARE, 0x10000000)"),
        ("clone NEWUSER", "call(CLONE, 0x10000000 | 17, 0, 0, 0, 0)"),
        ("clone3", "call(435, 0, 0)"),
        ("mount", "call(MOUNT, b't', b'/tmp', b'tmpfs', 0, 0)"),
        ("umount", "call(UMOUNT, b'/workspace', 2)"),
        ("ptrace", "call(PTRACE, 0, 0, 0, 0)"),
        ("io_uring", "call(425, 4, 0)"),
        ("vsock", "socket.socket(40, socket.SOCK_STREAM)"),
    ],
)
async def test_what_the_runner_may_a_job_may_not(box: Session, name: str, call: str) -> None:
    code = f"""
import ctypes, errno, os, platform, socket
PTRACE, UNSHARE, MOUNT, UMOUNT, CLONE = (101, 272, 165, 166, 56) if platform.machine() == 'x86_64' else (117, 97, 40, 39, 220)
libc = ctypes.CDLL(None, use_errno=True)
def call(*a):
    if libc.syscall(*a) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
try:
    {call}
except OSError as e:
    print(e.errno in (errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT))
"""
    assert (await python(box, code)).stdout == b"True\n", name


async def test_process_1_of_a_job_and_its_report_are_out_of_reach(box: Session) -> None:
    code = """
import os, signal
for fd in range(3, 256):
    try: os.write(fd, b'\\0\\0\\0\\2\\0\\0\\0\\0{}')
    except OSError: pass
for number in range(1, 65):
    try: os.kill(1, number)
    except OSError: pass
try: os.kill(-1, signal.SIGSTOP)
except ProcessLookupError: pass
print(sorted(os.listdir('/proc/self/fd')))
"""
    result = await box.job(script(code, fetch=("main.py",)))
    assert (result.last.exit_code, result.last.stdout) == (0, b"['0', '1', '2', '3']\n")
    assert result.artefacts == {"main.py": code.encode()}


async def test_the_loopback_is_up_and_there_is_nothing_else(box: Session) -> None:
    code = (
        "import socket\n"
        "for host, port in (('1.1.1.1', 53), ('169.254.169.254', 80)):\n"
        "  try: socket.create_connection((host, port), 2).close(); print('REACHED', host)\n"
        "  except OSError: pass\n"
        "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname(), 2).close(); print('loopback')\n"
    )
    assert (await python(box, code)).stdout == b"loopback\n"


# --- limits --------------------------------------------------------------------------------------------------------


async def test_deadlines_end_a_command_and_its_artefacts_still_come(box: Session) -> None:
    started = time.monotonic()
    line = "echo begun; echo kept > out; trap '' TERM INT HUP; while true; do sleep 1; done"
    job = Job(commands=(Command(argv=("sh", "-c", line), wall_s=0.5), Command(argv=("true",))), fetch=("out",))
    result = await box.job(job)
    assert [(r.timed_out, r.stdout) for r in result.results] == [(True, b"begun\n")]
    assert result.artefacts == {"out": b"kept\n"}
    assert time.monotonic() - started < 8


async def test_cpu_time_is_limited(backend: Backend) -> None:
    async with backend.open("python", SMALL.model_copy(update={"cpu_s": 1.0})) as mine:
        result = (await mine.job(script("while True: pass"))).last
    assert result.signal in (signal.SIGXCPU, signal.SIGKILL)
    assert not result.timed_out
    assert 0.8 < result.cpu_s < 5


async def test_usage_is_of_this_command_only(box: Session) -> None:
    eat = "x = bytearray(60_000_000); x[::4096] = b'1' * len(x[::4096]); sum(range(3_000_000))"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {eat!r}])"
    job = Job(
        files={"a.py": eat.encode(), "b.py": child.encode()},
        commands=tuple(Command(argv=("python3", f)) for f in ("a.py", "b.py")),
    )
    for result in (await box.job(job)).results:
        assert 55_000_000 < result.max_rss_bytes < 120_000_000
        assert 0.02 < result.cpu_s < 20
    after = await shell(box, "true")
    assert after.max_rss_bytes < 40_000_000
    assert after.cpu_s < 1


@pytest.mark.parametrize(
    "code",
    [
        "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
        "import os\nfor n in range(1, 65):\n  try: __import__('signal').signal(n, 1)\n  except Exception: pass\n"
        "while True:\n  try:\n    if os.fork(): os.setsid()\n  except OSError: pass",
        "import threading, time\nwhile True:\n  try: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "  except RuntimeError: pass",
        "import os\nend = __import__('time').time() + 60\nwhile __import__('time').time() < end:\n  if os.fork(): os._exit(0)",
    ],
    ids=["forks", "deaf forks", "threads", "respawn"],
)
async def test_a_bomb_inside_namespaces_and_filters_hurts_only_itself(box: Session, code: str) -> None:
    started = time.monotonic()
    bomb = asyncio.create_task(
        box.job(script(code).model_copy(update={"commands": (Command(argv=("python3", "main.py"), wall_s=2),)}))
    )
    await asyncio.sleep(0.8)
    assert (await shell(box, "echo beside")).stdout == b"beside\n", "another job starts meanwhile"
    assert not (await bomb).last.oom
    assert time.monotonic() - started < 20


async def test_the_writable_places_are_bounded(box: Session) -> None:
    for folder in ("/workspace", "/tmp", "/dev/shm"):
        result = await python(
            box, f"i=0\nwhile i < 40:\n  open('{folder}/f%d' % i, 'wb').write(b'x' * 8_000_000); i += 1"
        )
        assert b"No space left" in result.stderr, folder
        result = await python(box, f"i=0\nwhile i < 5000:\n  open('{folder}/f%d' % i, 'wb').close(); i += 1")
        assert b"No space left" in result.stderr, folder


async def test_out_of_memory_is_told_and_the_next_job_is_as_ever(backend: Backend) -> None:
    async with backend.open("python", SMALL) as mine:
        if not mine.isolation.memory_enforced:
            pytest.skip("no control group for memory here; Isolation.memory_enforced says so")
        eat = "x = []\nwhile True: x.append(bytearray(b'1' * 10_000_000))"
        result = (await mine.job(script(eat))).last
        assert (result.oom, result.ok, result.timed_out) == (True, False, False)
        assert not mine.healthy
        assert mine.ailment == "oom"


# --- ends ----------------------------------------------------------------------------------------------------------


async def test_a_cancelled_job_is_killed(box: Session) -> None:
    task = asyncio.create_task(shell(box, "sleep 60 & sleep 60", wall_s=30))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_where_there_are_no_namespaces_a_sandbox_serves_one_job(backend: Backend) -> None:
    async with backend.open("python", SMALL) as mine:
        mine.isolation = mine.isolation.model_copy(update={"job_namespaces": False})
        result = await mine.job(script("open('out', 'w').write('x'); print('once')", fetch=("out", "none")))
        assert (result.last.stdout, result.artefacts, list(result.missing)) == (b"once\n", {"out": b"x"}, ["none"])
        with pytest.raises(SandboxUnavailableError):
            await mine.job(script("pass"))


# --- fork mode -----------------------------------------------------------------------------------------------------


async def forked(box: Session, code: str, *args: str, **options: Any) -> JobResult:
    job = Job(
        files={"main.py": code.encode()}, commands=(Command(argv=("python3", "main.py", *args), **options),), fork=True
    )
    return await box.job(job)


@pytest.mark.parametrize(
    "code",
    [
        "import sys; print(sys.argv, __name__, __file__); print(sys.stdin.read(), file=sys.stderr)",
        "import sys; sys.exit(7)",
        "import sys; sys.exit('why')",
        "def f():\n  raise ValueError('ü')\nf()",
        "this is no python",
        "import atexit, threading, time\natexit.register(print, 'last')\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()\nprint('first')",
        "import os; print(os.environ['X'], os.getcwd(), 'QLP' in ''.join(os.environ), os.getpid() > 1)",
        "import sys; print([n for n in sys.modules if n.startswith('qlp')], sys.path[0])",
        "import fastapi, pydantic; print(fastapi.FastAPI().title)",
        "import helper; print(helper.VALUE)",
        "import os; os.kill(os.getpid(), 15)",
        "import os; os._exit(300)",
        "print('no newline', end='')",
        "import multiprocessing as m\nif __name__ == '__main__':\n  with m.get_context('fork').Pool(2) as p: print(p.map(abs, [-1, 2]))",
    ],
)  # fmt: skip
async def test_fork_mode_is_like_exec_mode(box: Session, code: str) -> None:
    results = []
    for fork in (False, True):
        job = Job(
            files={"main.py": code.encode(), "helper.py": b"VALUE = 42"},
            commands=(Command(argv=("python3", "main.py", "a", "b c"), stdin="ö".encode(), env={"X": "y"}),),
            fork=fork,
        )
        results.append((await box.job(job)).last)
    one, other = results
    assert (one.exit_code, one.signal, one.stdout) == (other.exit_code, other.signal, other.stdout)
    assert one.stderr.splitlines()[-1:] == other.stderr.splitlines()[-1:]


async def test_fork_mode_is_as_confined(box: Session) -> None:
    result = (await forked(box, "import os; print(sorted(os.listdir('/proc/self/fd'))); os.kill(1, 9)")).last
    assert (result.exit_code, result.stdout) == (0, b"['0', '1', '2', '3']\n")
    look = (await forked(box, LOOK)).last
    assert look.stdout == b"[] 2 1 sandbox\n"
    assert (await forked(box, "while True: pass", wall_s=0.5)).last.timed_out


async def test_fork_mode_finds_nothing_of_the_runner(box: Session) -> None:
    """Neither the frames of another job nor objects of the runner are referred to in the program's memory."""
    secret = os.urandom(8).hex()
    other = asyncio.create_task(shell(box, "cat >/dev/null; sleep 2", stdin=f"secret-{secret}".encode() * 20_000))
    await asyncio.sleep(0.5)
    code = (
        "import gc, sys\n"
        "print([type(o).__module__ for o in gc.get_objects() if type(o).__module__.startswith('qlp') and type(o).__name__ in ('Runner', 'Job', 'Parser', 'Capture', 'Feed', 'Running')])\n"
        f"print(any(isinstance(o, dict) and any(isinstance(v, bytes) and b'{secret[:4]}' b'{secret[4:]}' in v for v in list(o.values())) for o in gc.get_objects() if o is not globals()))"
    )
    assert (await forked(box, code)).last.stdout == b"[]\nFalse\n"
    await other

"""The contract that every sandbox backend keeps, hostile programs included."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from qlp.config import SandboxSettings, Settings
from qlp.errors import InputError, NotFoundError, SandboxError, SandboxUnavailableError, StorageError
from qlp.models import Language
from qlp.sandbox import Command, ExecResult, Limits, Sandbox, cgroups, engine, images
from qlp.sandbox.bubblewrap import BubblewrapBackend
from qlp.sandbox.container import create_options
from qlp.sandbox.container_host import OWNER_LABEL
from qlp.sandbox.daemon.client import DaemonBackend
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.ownership import home_id
from tests.support.sandboxd import containers, containers_of, sandboxd

pytestmark = pytest.mark.contract

Backend = DockerBackend | DaemonBackend | BubblewrapBackend
SMALL = Limits(wall_s=30, memory_mb=256, pids=64, cpus=2, disk_mb=32, file_mb=16, output_bytes=65536)


@pytest.fixture(
    params=[
        pytest.param(DockerBackend, marks=pytest.mark.docker, id="docker"),
        pytest.param(DaemonBackend, marks=pytest.mark.docker, id="sandboxd"),
        pytest.param(BubblewrapBackend, marks=pytest.mark.bubblewrap, id="bubblewrap"),
    ],
    scope="module",
)
async def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Backend]:
    async with contextlib.AsyncExitStack() as stack:
        made: Backend
        if request.param is DaemonBackend:
            made = (await stack.enter_async_context(sandboxd(tmp_path_factory.mktemp("home")))).backend()
        else:
            made = request.param(SandboxSettings(concurrency=4), Settings().home)
        stack.push_async_callback(made.close)
        status = await made.probe()
        if not status.available:
            pytest.skip(f"{status.name}: {status.detail}; {status.remedy}")
        yield made


def needs(status_profiles: tuple[Language, ...], profile: Language, remedy: str) -> None:
    if profile not in status_profiles:
        pytest.skip(f"the {profile} profile is not ready; {remedy}")


@pytest.fixture
async def box(backend: Backend) -> AsyncIterator[Sandbox]:
    status = await backend.probe()
    needs(status.profiles, "python", status.remedy)
    async with backend.open("python", SMALL) as opened:
        yield opened


async def python(box: Sandbox, code: str, **options: Any) -> ExecResult:
    return await box.run(Command(argv=("python3", "-c", code), **options))


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["plain.txt", "deep/er/file.txt", "ünï/☃ name.txt", "with\nnewline", "-rf", "raw\udcff\udc80bytes"]
)
async def test_a_file_comes_back_as_it_went_in(box: Sandbox, path: str) -> None:
    data = bytes(range(256)) * 20
    await box.put({path: data})
    assert await box.get(path) == data


async def test_a_command_sees_files_and_its_files_come_out(box: Sandbox) -> None:
    await box.put(
        {"in/a.txt": b"hello", "run.sh": b"#!/bin/sh\ntr a-z A-Z < in/a.txt > out.txt\n"},
        executable=frozenset({"run.sh"}),
    )
    assert (await box.run(Command(argv=("./run.sh",)))).ok
    assert await box.get("out.txt") == b"HELLO"


async def test_many_files_at_once(box: Sandbox) -> None:
    await box.put({f"d{i % 7}/f{i}": str(i).encode() for i in range(500)})
    result = await box.run(Command(argv=("sh", "-c", "cat d*/* | wc -c")))
    assert int(result.stdout) == sum(len(str(i)) for i in range(500))


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a\0b", "dir/", "x" * 300, ".", "a/.."])
async def test_a_path_that_leaves_the_workspace_is_refused(box: Sandbox, path: str) -> None:
    with pytest.raises(InputError):
        await box.put({path: b""})
    with pytest.raises(InputError):
        await box.get(path)


async def test_links_are_never_followed(box: Sandbox) -> None:
    await python(
        box,
        "import os; os.symlink('/etc/passwd', 'link'); os.symlink('/tmp', 'dir'); os.mkfifo('pipe'); os.mkdir('folder');"
        "open('/tmp/secret', 'w').write('x'); os.symlink('/dev/zero', 'zero')",
    )
    for path in ("link", "dir/secret", "pipe", "folder", "zero", "missing"):
        with pytest.raises(NotFoundError):
            await box.get(path)
    with pytest.raises(InputError):
        await box.put({"dir/planted": b""})
    await box.put({"link": b"mine now"})
    assert await box.get("link") == b"mine now"
    with pytest.raises(InputError):
        await box.put({"folder": b""})


async def test_a_file_over_the_asked_size_is_refused(box: Sandbox) -> None:
    await box.put({"big": b"x" * 1000})
    assert len(await box.get("big", max_bytes=1000)) == 1000
    with pytest.raises(InputError):
        await box.get("big", max_bytes=999)


async def test_a_full_workspace_is_a_storage_error_and_the_sandbox_lives(box: Sandbox) -> None:
    with pytest.raises(StorageError):
        await box.put({f"f{i}": b"x" * 8_000_000 for i in range(6)})
    result = await python(
        box, "open('more','wb').write(b'x' * 12_000_000); open('more2','wb').write(b'x' * 12_000_000)"
    )
    assert result.exit_code == 1
    assert b"No space left" in result.stderr
    assert (await box.run(Command(argv=("sh", "-c", "rm -f f* more*; echo fine > ok")))).ok
    assert await box.get("ok") == b"fine\n"


async def test_one_file_cannot_pass_its_limit(box: Sandbox) -> None:
    result = await python(box, "open('sparse','wb').truncate(1 << 40)")
    assert not result.ok
    result = await box.run(Command(argv=("sh", "-c", "head -c 20000000 /dev/zero > big")))
    assert not result.ok


# --- commands ------------------------------------------------------------------------------------------------------


async def test_streams_environment_and_folder(box: Sandbox) -> None:
    await box.put({"sub/x": b""})
    code = "import os,sys; print(os.environ['WORD'], os.getcwd()); print(sys.stdin.read()[::-1], file=sys.stderr)"
    result = await python(box, code, stdin="äbc".encode(), env={"WORD": "ö"}, cwd="sub")
    assert result.ok
    assert result.stdout.decode() == "ö /workspace/sub\n"
    assert result.stderr.decode() == "cbä\n"


async def test_the_environment_of_the_host_does_not_get_in(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    result = await box.run(Command(argv=("env",)))
    names = {line.partition(b"=")[0].decode() for line in result.stdout.splitlines()}
    assert {"PATH", "HOME", "TMPDIR"} <= names
    assert not names & {"QLP_HOME", "OPENAI_API_KEY", "DOCKER_HOST", "SSH_AUTH_SOCK", "USER", "LOGNAME"}


@pytest.mark.parametrize("code", [0, 1, 3, 42, 126, 255])
async def test_exit_codes_are_exact(box: Sandbox, code: int) -> None:
    result = await box.run(Command(argv=("sh", "-c", f"exit {code}")))
    assert (result.exit_code, result.signal, result.timed_out, result.oom) == (code, None, False, False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
async def test_signals_are_exact(box: Sandbox, number: signal.Signals) -> None:
    result = await box.run(Command(argv=("sh", "-c", f"kill -{int(number)} $$")))
    assert (result.exit_code, result.signal, result.oom) == (None, number, False)


async def test_a_missing_program_is_a_result(box: Sandbox) -> None:
    result = await box.run(Command(argv=("no-such-program",)))
    assert result.exit_code == 127
    assert b"no-such-program" in result.stderr
    await box.put({"data.txt": b"not a program"})
    assert (await box.run(Command(argv=("./data.txt",)))).exit_code == 126


@pytest.mark.parametrize(
    "command",
    [
        Command(argv=()),
        Command(argv=("a\0b",)),
        Command(argv=("true",), env={"A=B": "x"}),
        Command(argv=("true",), cwd="../.."),
        Command(argv=("true",), cwd="/"),
    ],
)
async def test_a_malformed_command_is_refused(box: Sandbox, command: Command) -> None:
    with pytest.raises(InputError):
        await box.run(command)


async def test_a_folder_that_is_not_there_is_said(box: Sandbox) -> None:
    with pytest.raises(NotFoundError):
        await box.run(Command(argv=("true",), cwd="nowhere"))


async def test_large_input_and_output_flow_at_the_same_time(box: Sandbox) -> None:
    data = os.urandom(40_000)
    result = await box.run(Command(argv=("cat",), stdin=data))
    assert result.stdout == data
    flood = await box.run(Command(argv=("cat",), stdin=b"x" * 8_000_000))
    assert flood.ok
    assert flood.truncated
    assert len(flood.stdout) == SMALL.output_bytes


async def test_input_that_is_never_read_hurts_nobody(box: Sandbox) -> None:
    assert (await box.run(Command(argv=("true",), stdin=b"x" * 4_000_000))).ok


async def test_output_is_capped_per_stream_and_says_so(box: Sandbox) -> None:
    result = await python(box, "import sys; sys.stdout.write('o' * 200000); sys.stderr.write('e' * 10)")
    assert result.exit_code == 0
    assert result.truncated
    assert (len(result.stdout), result.stderr) == (SMALL.output_bytes, b"e" * 10)


async def test_a_command_that_does_not_end_is_ended(box: Sandbox) -> None:
    started = time.monotonic()
    result = await box.run(Command(argv=("sh", "-c", "echo begun; sleep 100"), wall_s=0.5))
    assert result.timed_out
    assert not result.ok
    assert result.stdout == b"begun\n"
    assert time.monotonic() - started < 8


async def test_ignoring_every_signal_does_not_help(box: Sandbox) -> None:
    code = (
        "import signal,os,time\nfor n in range(1, 65):\n  try: signal.signal(n, signal.SIG_IGN)\n  except Exception: pass\n"
        "os.setsid() if os.getpid() != os.getsid(0) else None\nos.fork(); os.fork()\nwhile True: time.sleep(1)"
    )
    result = await python(box, code, wall_s=0.5)
    assert result.timed_out
    await assert_nothing_runs(box)


async def test_usage_is_measured(box: Sandbox) -> None:
    result = await python(box, "x = bytearray(60_000_000); x[::4096] = b'1' * len(x[::4096]); sum(range(3_000_000))")
    assert result.ok
    assert 55_000_000 < result.max_rss_bytes < 120_000_000
    assert 0.02 < result.cpu_s < 20
    assert result.wall_s > 0.02


async def test_time_of_children_is_counted(box: Sandbox) -> None:
    result = await box.run(Command(argv=("sh", "-c", "python3 -c 'sum(range(8_000_000))'; true")))
    assert result.cpu_s > 0.05


async def test_several_commands_at_once(box: Sandbox) -> None:
    started = time.monotonic()
    results = await asyncio.gather(*(box.run(Command(argv=("sh", "-c", f"sleep 0.5; echo {i}"))) for i in range(6)))
    assert [r.stdout for r in results] == [f"{i}\n".encode() for i in range(6)]
    assert time.monotonic() - started < 2.5


# --- leftovers -----------------------------------------------------------------------------------------------------

DAEMON = """
import os, sys, time
if os.fork(): time.sleep(0.2); sys.exit(0)
os.setsid()
if os.fork(): os._exit(0)
while True:
    time.sleep(0.05)
    open('beat', 'w').write(str(time.monotonic()))
"""


async def assert_nothing_runs(box: Sandbox) -> None:
    """Only process 1, the supervisor of this very command and the command itself live in the sandbox."""
    code = (
        "import os\n"
        "mine = {1, os.getpid(), os.getppid()}\n"
        "for p in os.listdir('/proc'):\n"
        "  if p.isdigit() and int(p) not in mine:\n"
        "    try:\n"
        "      s = open(f'/proc/{p}/stat').read().rpartition(')')[2].split()[0]\n"
        "      print(p, s, open(f'/proc/{p}/cmdline').read())\n"
        "    except OSError: pass\n"
    )
    result = await python(box, code)
    assert result.ok, result.stderr
    assert result.stdout == b""


async def test_a_double_forked_daemon_is_killed(box: Sandbox) -> None:
    assert (await python(box, DAEMON)).ok
    await assert_nothing_runs(box)


async def test_a_child_that_holds_the_pipes_does_not_hold_the_result(box: Sandbox) -> None:
    started = time.monotonic()
    result = await box.run(Command(argv=("sh", "-c", "echo done; sleep 60 & exit 0")))
    assert result.ok
    assert result.stdout == b"done\n"
    assert time.monotonic() - started < 5
    await assert_nothing_runs(box)


async def test_respawning_against_the_killer_loses(box: Sandbox) -> None:
    code = "import os,time\nos.fork(); os.fork()\nend = time.time() + 20\nwhile time.time() < end:\n  if os.fork(): os._exit(0)\n"
    await python(box, code, wall_s=1.5)
    await assert_nothing_runs(box)


async def test_killing_everything_kills_only_itself(box: Sandbox) -> None:
    result = await box.run(Command(argv=("sh", "-c", "sleep 50 & kill -9 -1; sleep 50"), wall_s=10))
    assert not result.ok
    await assert_nothing_runs(box)
    assert (await box.run(Command(argv=("echo", "alive")))).stdout == b"alive\n"


async def test_stopping_everything_does_not_outlive_the_deadline(box: Sandbox) -> None:
    result = await box.run(Command(argv=("sh", "-c", "kill -STOP -1; kill -STOP $$; sleep 50"), wall_s=1))
    assert not result.ok
    await assert_nothing_runs(box)
    assert (await box.run(Command(argv=("echo", "alive")))).stdout == b"alive\n"


async def test_signals_to_process_1_do_nothing(box: Sandbox) -> None:
    code = "import os\nfor n in range(1, 65):\n  try: os.kill(1, n)\n  except OSError: pass\nprint('sent')"
    assert (await python(box, code)).stdout == b"sent\n"
    assert (await box.run(Command(argv=("echo", "alive")))).stdout == b"alive\n"


# --- limits --------------------------------------------------------------------------------------------------------


async def test_memory_over_the_limit_is_an_oom(box: Sandbox) -> None:
    if not box.isolation.memory_enforced:
        pytest.skip("no control group for memory here; Isolation.memory_enforced says so")
    result = await python(box, "x = []\nwhile True: x.append(bytearray(b'1' * 10_000_000))")
    assert result.oom
    assert not result.ok
    assert (await box.run(Command(argv=("echo", "alive")))).stdout == b"alive\n"


async def test_a_child_over_the_limit_is_an_oom_too(box: Sandbox) -> None:
    if not box.isolation.memory_enforced:
        pytest.skip("no control group for memory here; Isolation.memory_enforced says so")
    eat = "x = []\nwhile True: x.append(bytearray(b'1' * 10_000_000))"
    result = await python(
        box, f"import subprocess,sys; sys.exit(subprocess.run([sys.executable,'-c',{eat!r}]).returncode != 0)"
    )
    assert result.oom
    assert result.exit_code == 1


@pytest.mark.parametrize(
    "bomb",
    ["import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", ":(){ :|:& };:; sleep 3"],
    ids=["fork", "shell"],
)
async def test_a_fork_bomb_is_survived(box: Sandbox, bomb: str) -> None:
    if not box.isolation.pids_enforced:
        pytest.skip("no control group for processes here; Isolation.pids_enforced says so")
    argv = ("python3", "-c", bomb) if "import" in bomb else ("bash", "-c", bomb)
    await box.run(Command(argv=argv, wall_s=2))
    assert (await box.run(Command(argv=("echo", "alive")))).stdout == b"alive\n"
    await assert_nothing_runs(box)


async def test_threads_count_as_processes(box: Sandbox) -> None:
    if not box.isolation.pids_enforced:
        pytest.skip("no control group for processes here; Isolation.pids_enforced says so")
    code = "import threading,time\nn=0\ntry:\n  while n < 500: threading.Thread(target=time.sleep,args=(5,),daemon=True).start(); n+=1\nexcept RuntimeError: pass\nprint(n)"
    assert int((await python(box, code)).stdout) < SMALL.pids


async def test_tmp_and_shm_are_bounded(box: Sandbox) -> None:
    for folder in ("/tmp", "/dev/shm"):
        code = f"i=0\nwhile i < 40:\n  open('{folder}/f%d' % i, 'wb').write(b'x' * 8_000_000); i += 1"
        result = await python(box, code)
        assert not result.ok, folder
        assert (await box.run(Command(argv=("sh", "-c", f"rm -f {folder}/f*")))).ok


# --- isolation -----------------------------------------------------------------------------------------------------


async def test_commands_are_not_root_and_cannot_become_it(box: Sandbox) -> None:
    code = (
        "import os\nprint(os.getuid(), os.getgid())\n"
        "s = open('/proc/self/status').read()\n"
        "print([l.split()[1] for l in s.splitlines() if l.startswith(('CapEff', 'CapPrm', 'NoNewPrivs', 'Seccomp:'))])"
    )
    who, state = (await python(box, code)).stdout.decode().splitlines()
    assert who.split()[0] != "0"
    assert state == "['0000000000000000', '0000000000000000', '1', '2']"


async def test_the_root_is_read_only(box: Sandbox) -> None:
    for folder in ("/", "/usr", "/etc", "/opt/qlp", "/dev", "/proc/sys/kernel"):
        result = await box.run(Command(argv=("sh", "-c", f"echo x > {folder}/planted")))
        assert not result.ok, folder


async def test_there_is_no_network_but_the_own_loopback(box: Sandbox) -> None:
    code = (
        "import socket\n"
        "for host, port in (('1.1.1.1', 53), ('169.254.169.254', 80), ('10.0.0.1', 80)):\n"
        "  try: socket.create_connection((host, port), 2).close(); print('REACHED', host)\n"
        "  except OSError: pass\n"
        "try: socket.getaddrinfo('example.com', 80); print('RESOLVED')\n"
        "except OSError: pass\n"
        "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname(), 2).close(); print('loopback')\n"
    )
    assert (await python(box, code)).stdout == b"loopback\n"


async def test_localhost_is_the_own_loopback(box: Sandbox) -> None:
    code = (
        "import socket\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(('localhost', s.getsockname()[1]), 2).close(); print('reached')\n"
    )
    result = await python(box, code)
    assert result.stdout == b"reached\n", result.stderr


async def test_the_host_s_loopback_is_another_one(box: Sandbox) -> None:
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        result = await python(box, f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
    assert b"ConnectionRefusedError" in result.stderr


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("vsock", "socket.socket(40, socket.SOCK_STREAM)"),
        ("packet", "socket.socket(17, socket.SOCK_RAW)"),
        ("alg", "socket.socket(38, socket.SOCK_SEQPACKET)"),
        ("io_uring", "call(425, 4, 0)"),
        ("ptrace", "call(PTRACE, 0, 0, 0, 0)"),
        ("unshare user", "call(UNSHARE, 0x10000000)"),
        ("mount", "call(MOUNT, b't', b'/tmp', b'tmpfs', 0, 0)"),
        ("bpf", "call(BPF, 0, 0, 0)"),
        ("keyctl", "call(KEYCTL, 0, 0)"),
        ("userfaultfd", "call(UFFD, 0)"),
        ("perf_event_open", "call(PERF, 0, 0, -1, -1, 0)"),
        ("clone NEWUSER", "call(CLONE, 0x10000000 | 17, 0, 0, 0, 0)"),
        ("clone3", "call(435, 0, 0)"),
        ("process_vm_readv", "call(VMREAD, 1, 0, 0, 0, 0, 0)"),
        ("unknown", "call(600)"),
    ],
)
async def test_dangerous_system_calls_are_refused(box: Sandbox, name: str, call: str) -> None:
    code = f"""
import ctypes, errno, os, platform, socket
x86 = platform.machine() == 'x86_64'
PTRACE, UNSHARE, MOUNT, BPF, KEYCTL, UFFD, PERF, CLONE, VMREAD = (
    (101, 272, 165, 321, 250, 323, 298, 56, 310) if x86 else (117, 97, 40, 280, 219, 282, 241, 220, 270))
libc = ctypes.CDLL(None, use_errno=True)
def call(*a):
    if libc.syscall(*a) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
try:
    {call}
except OSError as e:
    print(e.errno in (errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT))
"""
    assert (await python(box, code)).stdout == b"True\n", name


async def test_the_runner_cannot_be_read(box: Sandbox) -> None:
    for look in (
        "head -c 1 /proc/1/mem",
        "cat /proc/1/environ",
        "ls /proc/1/fd",
        "ls /proc/1/root/",
        "cat /proc/1/fd/0",
    ):
        assert not (await box.run(Command(argv=tuple(look.split())))).ok, look
    result = await python(box, "import os; print(sorted(os.listdir('/proc/self/fd')))")
    assert result.stdout == b"['0', '1', '2', '3']\n", "only the standard streams (3 is the listing itself)"


async def test_frames_forged_on_inherited_descriptors_reach_nobody(box: Sandbox) -> None:
    code = "import os\nfor fd in range(3, 64):\n  try: os.write(fd, b'\\0\\0\\0\\2\\0\\0\\0\\0{}')\n  except OSError: pass\nprint('tried')"
    assert (await python(box, code)).stdout == b"tried\n"
    assert (await box.run(Command(argv=("echo", "alive")))).stdout == b"alive\n"


async def test_host_files_are_not_there(box: Sandbox) -> None:
    home = Settings().home
    for path in ("/var/run/docker.sock", str(home / "docker"), str(Path(__file__).parent), "/etc/shadow", "/root/.ssh"):
        assert not (await box.run(Command(argv=("cat", path)))).ok
        listed = await box.run(Command(argv=("ls", path)))
        assert not listed.ok or path == "/etc/shadow", path


async def test_two_sandboxes_do_not_see_each_other(backend: Backend, box: Sandbox) -> None:
    async with backend.open("python", SMALL) as other:
        await box.put({"secret.txt": b"one"})
        await box.run(Command(argv=("sh", "-c", "echo s > /tmp/secret; echo s > /dev/shm/secret")))
        handle = await box.start(Command(argv=("python3", "-m", "http.server", "8000", "--bind", "127.0.0.1")))
        await serving(box, 8000)
        assert not (await other.run(Command(argv=("cat", "secret.txt")))).ok
        assert not (await other.run(Command(argv=("cat", "/tmp/secret")))).ok
        assert not (await other.run(Command(argv=("cat", "/dev/shm/secret")))).ok
        assert (await other.http("GET", 8000, "/")).status == 0
        await assert_nothing_runs(other)
        await box.stop(handle)


# --- background processes and HTTP ---------------------------------------------------------------------------------


async def serving(box: Sandbox, port: int) -> None:
    for _ in range(100):
        if (await box.http("GET", port, "/")).status:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the server did not start")


SERVER = b"""
import sys
from http.server import *
class H(BaseHTTPRequestHandler):
    def do_GET(self): self.answer(200, b"hello " + self.path.encode())
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.answer(201, body[::-1] + self.headers["x-mark"].encode())
    def answer(self, code, body):
        self.send_response(code); self.send_header("content-length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *a): print("served", flush=True)
HTTPServer(("127.0.0.1", 8000), H).serve_forever()
"""


async def test_a_background_server_is_probed_and_stopped(box: Sandbox) -> None:
    await box.put({"server.py": SERVER})
    handle = await box.start(Command(argv=("python3", "server.py")))
    await serving(box, 8000)
    assert await box.poll(handle) is None
    reply = await box.http("GET", 8000, "/x?y=1")
    assert (reply.status, reply.body) == (200, b"hello /x?y=1")
    reply = await box.http("POST", 8000, "/", body=b"abc", headers={"X-Mark": "!"})
    assert (reply.status, reply.body) == (201, b"cba!")
    assert (await box.run(Command(argv=("true",)))).ok
    assert await box.poll(handle) is None, "a run in between must not kill what was started"
    result = await box.stop(handle)
    assert result.signal == signal.SIGTERM
    assert b"served" in result.stdout
    assert await box.poll(handle) == result
    assert (await box.http("GET", 8000, "/")).status == 0
    await assert_nothing_runs(box)


async def test_stop_is_firm_with_a_process_that_ignores_it(box: Sandbox) -> None:
    handle = await box.start(Command(argv=("sh", "-c", "trap '' TERM; echo up; while true; do sleep 0.1; done")))
    await asyncio.sleep(0.3)
    first, second = await asyncio.gather(box.stop(handle), box.stop(handle))
    assert first == second
    assert first.signal == signal.SIGKILL
    assert not first.timed_out
    await assert_nothing_runs(box)


async def test_a_background_process_that_ends_is_reported(box: Sandbox) -> None:
    handle = await box.start(Command(argv=("sh", "-c", "echo no; exit 9")))
    for _ in range(100):
        if result := await box.poll(handle):
            break
        await asyncio.sleep(0.05)
    assert result
    assert (result.exit_code, result.stdout) == (9, b"no\n")
    with pytest.raises(NotFoundError):
        await box.poll("bg-99")


async def test_a_server_that_never_answers_is_a_status_of_0(box: Sandbox) -> None:
    await box.start(
        Command(
            argv=("python3", "-c", "import socket,time; s=socket.create_server(('127.0.0.1',8000)); time.sleep(60)")
        )
    )
    started = time.monotonic()
    for _ in range(50):
        reply = await box.http("GET", 8000, "/", timeout_s=0.5)
        assert reply.status == 0
        if "Refused" not in reply.error:
            break
        await asyncio.sleep(0.1)
    assert reply.error
    assert time.monotonic() - started < 10


# --- life and death ------------------------------------------------------------------------------------------------


async def test_a_cancelled_run_is_killed_and_the_sandbox_goes_on(box: Sandbox) -> None:
    task = asyncio.create_task(box.run(Command(argv=("sleep", "60"))))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(50):
        try:
            await assert_nothing_runs(box)
            break
        except AssertionError:
            await asyncio.sleep(0.1)
    await assert_nothing_runs(box)


def traces(backend: Backend) -> list[str]:
    """Whatever this backend's sandboxes have left on the host."""
    if isinstance(backend, DockerBackend):
        return containers(f"{OWNER_LABEL}={backend.owner_id}")
    if isinstance(backend, DaemonBackend):
        return containers_of(backend.home)
    left = [
        str(folder)
        for owner, folder in cgroups.leftovers(cgroups.hierarchies())
        if owner.endswith(f".{backend._own().id}")
    ]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == os.getpid() and b"bwrap" in (entry / "cmdline").read_bytes():
                    left.append(entry.name)
            except OSError:
                continue
    return left


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.1, 0.3, 1.0])
async def test_cancelling_at_any_moment_leaves_nothing(backend: Backend, box: Sandbox, after_s: float) -> None:
    before = traces(backend)

    async def use() -> None:
        async with backend.open("python", SMALL) as mine:
            await mine.run(Command(argv=("sh", "-c", "sleep 60 & sleep 60")))

    task = asyncio.create_task(use())
    await asyncio.sleep(after_s)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert traces(backend) == before


async def test_leaving_the_block_leaves_nothing(backend: Backend) -> None:
    opened: list[Sandbox] = []

    async def fail() -> None:
        async with backend.open("python", SMALL) as mine:
            opened.append(mine)
            await mine.start(Command(argv=("sleep", "600")))
            raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        await fail()
    assert traces(backend) == []
    with pytest.raises(SandboxError):
        await opened[0].run(Command(argv=("true",)))


async def test_a_sandbox_killed_in_mid_run_is_unavailable(backend: Backend) -> None:
    async with backend.open("python", SMALL) as mine:
        task = asyncio.create_task(mine.run(Command(argv=("sleep", "60"))))
        await asyncio.sleep(0.5)
        if not isinstance(backend, BubblewrapBackend):
            client = engine.connect(docker_url())
            client.api.kill(traces(backend)[0])
            client.close()
        else:
            os.kill(int(traces(backend)[-1]), signal.SIGKILL)
        with pytest.raises(SandboxUnavailableError):
            await asyncio.wait_for(task, 20)
        with pytest.raises(SandboxUnavailableError):
            await mine.run(Command(argv=("true",)))
    assert traces(backend) == []


HOLDER = """
import asyncio, sys
from pathlib import Path
from qlp.config import SandboxSettings
from qlp.sandbox import Command, Limits
from {module} import {name} as B
async def main():
    b = B(SandboxSettings(**{settings}), Path({home!r}))
    async with b.open("python", Limits(memory_mb=256, disk_mb=32)) as box:
        await box.start(Command(argv=("sleep", "4242")))
        print("ready", flush=True)
        await box.run(Command(argv=("sleep", "4242")))
asyncio.run(main())
"""


@pytest.mark.chaos
async def test_nothing_outlives_a_killed_owner(backend: Backend, box: Sandbox) -> None:
    behind = isinstance(backend, DaemonBackend)
    code = HOLDER.format(
        module=type(backend).__module__,
        name=type(backend).__name__,
        settings={"daemon_socket": str(backend.daemon.path)} if behind else {},
        home=str(backend.home if behind else Settings().home),
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        await until(lambda: len(sleepers()) == 2)
    finally:
        process.kill()
        await process.wait()
    await until(lambda: not sleepers())
    await backend.reap()
    assert (await box.run(Command(argv=("echo", "alive")))).ok, "the reaper spares what is owned"
    if isinstance(backend, BubblewrapBackend):
        pairs = (name.partition(".") for name, _ in cgroups.leftovers(cgroups.hierarchies()))
        owners = {owner for home, _, owner in pairs if home == backend._own().home_id}  # others may test here, too
        assert all(backend._own().alive(owner) for owner in owners)


async def until(condition: Callable[[], bool]) -> None:
    """Fails after ten seconds."""
    for _ in range(100):
        if condition():
            return
        await asyncio.sleep(0.1)
    assert condition()


def sleepers() -> list[str]:
    """Processes of this machine that run the holder's command."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_bytes() == b"sleep\0004242\0":
                found.append(entry.name)
        except OSError:
            continue
    return found


@pytest.mark.chaos
@pytest.mark.docker
async def test_the_reaper_takes_dead_and_expired_containers_only(tmp_path: Path) -> None:
    backend = DockerBackend(SandboxSettings(docker_host=docker_url()), tmp_path)
    if not (await backend.probe()).profiles:
        pytest.skip("no engine or no image; run: python -m qlp.sandbox.images build")
    client = engine.connect(docker_url())
    here = home_id(tmp_path)

    def container(owner_id: str, home: str, deadline: float) -> str:
        labels = {OWNER_LABEL: owner_id, "qlp.home": home, "qlp.deadline": str(deadline)}
        options = create_options(images.image_ref("python"), labels, SMALL, runtime=None)
        return str(client.api.create_container_from_config(options, None)["Id"])  # type: ignore[no-untyped-call]

    later = time.time() + 600
    dead = container("deadbeef", here, later)
    expired = container(backend.owner_id, here, time.time() - 1)
    alive = container(backend.owner_id, here, later)
    foreign = container("deadbeef", "another-home", later)
    try:
        await backend.reap()
        left = {c["Id"] for c in client.api.containers(all=True)}
        assert left & {dead, expired, alive, foreign} == {alive, foreign}
    finally:
        for id in (alive, foreign):
            client.api.remove_container(id, force=True)
        client.close()
        await backend.close()


def docker_url() -> str:
    return engine.engine_url(SandboxSettings(), Settings().home)


@pytest.mark.chaos
@pytest.mark.docker
async def test_an_engine_that_goes_away_in_mid_run_is_unavailable_with_a_remedy(tmp_path: Path) -> None:
    if not docker_url().startswith("unix://"):
        pytest.skip("needs the engine's Unix socket")
    connections: list[asyncio.StreamWriter] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(docker_url().removeprefix("unix://"))
        connections.extend((writer, inner_writer))

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            except OSError:
                pass
            finally:
                sink.close()

        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    socket = tmp_path / "engine.sock"
    server = await asyncio.start_unix_server(forward, socket)
    backend = DockerBackend(SandboxSettings(docker_host=f"unix://{socket}"), Settings().home)
    if not (await backend.probe()).profiles:
        pytest.skip("no engine or no image; run: python -m qlp.sandbox.images build")
    async with backend.open("python", SMALL) as box:
        task = asyncio.create_task(box.run(Command(argv=("sleep", "60"))))
        await asyncio.sleep(0.5)
        server.close()
        socket.unlink()
        for writer in connections:
            writer.transport.abort()
        with pytest.raises(SandboxUnavailableError, match=r"start-docker\.sh"):
            await asyncio.wait_for(task, 20)
    assert not (await backend.probe()).available
    with pytest.raises(SandboxUnavailableError, match=r"start-docker\.sh"):
        async with backend.open("python", SMALL):
            raise AssertionError("no engine, and a sandbox")
    try:
        # Its runner saw the end of stdin.
        await until(lambda: not containers(f"{OWNER_LABEL}={backend.owner_id}", url=docker_url()))
    finally:
        await backend.close()


async def test_more_sandboxes_than_slots_wait(backend: Backend) -> None:
    async def one(i: int) -> bytes:
        async with backend.open("python", SMALL) as mine:
            return (await mine.run(Command(argv=("echo", str(i))))).stdout

    assert await asyncio.gather(*(one(i) for i in range(7))) == [f"{i}\n".encode() for i in range(7)]
    assert traces(backend) == []


# --- profiles ------------------------------------------------------------------------------------------------------

TOOLS: list[tuple[Language, tuple[str, ...]]] = [
    *(
        ("python", ("python3", "-m", module, "--version"))
        for module in ("pytest", "ruff", "mypy", "bandit", "coverage", "uvicorn", "pip")
    ),
    ("python", ("python3", "-c", "import fastapi, pydantic, httpx, hypothesis, pytest_asyncio")),
    ("python", ("python3", "-W", "error", "-c", "import fastapi.testclient")),
    *(("javascript", (tool, "--version")) for tool in ("node", "npm", "npx", "python3")),
    *(("typescript", (tool, "--version")) for tool in ("tsc", "tsx", "eslint")),
    ("go", ("go", "version")),
    ("go", ("gofmt", "-h")),
    ("go", ("python3", "--version")),
]


@pytest.mark.parametrize(("profile", "argv"), TOOLS, ids=lambda x: x if isinstance(x, str) else "-".join(x)[:40])
async def test_the_tools_of_a_profile_run(backend: Backend, profile: Language, argv: tuple[str, ...]) -> None:
    status = await backend.probe()
    needs(status.profiles, profile, status.remedy)
    async with backend.open(profile) as mine:
        result = await mine.run(Command(argv=argv))
        assert result.ok or argv[0] == "gofmt", result.stderr
        assert result.exit_code != 127


async def test_python_requirements_are_satisfied_or_refused(box: Sandbox) -> None:
    await box.put({"requirements.txt": b"fastapi>=0.100\npytest\n", "lacking.txt": b"no-such-thing-at-all==1.0\n"})
    install = ("python3", "-m", "pip", "install", "--no-index", "--disable-pip-version-check", "-r")
    assert (await box.run(Command(argv=(*install, "requirements.txt")))).ok
    refused = await box.run(Command(argv=(*install, "lacking.txt")))
    assert refused.exit_code == 1
    assert b"no-such-thing-at-all" in refused.stderr


async def test_node_dependencies_are_linked_or_refused(backend: Backend) -> None:
    status = await backend.probe()
    needs(status.profiles, "typescript", status.remedy)
    async with backend.open("typescript") as mine:
        await mine.put(
            {
                "package.json": b'{"type":"module","dependencies":{"express":"^4.18.0"},"devDependencies":{"typescript":"^5.0.0","@types/express":"^4.17.0","@types/node":"^18.0.0"}}',
                "tsconfig.json": b'{"compilerOptions":{"strict":true,"module":"NodeNext","target":"ES2022","noEmit":true},"include":["*.ts"]}',
                "app.ts": b'import express from "express";\nconst app = express();\napp.get("/", (_q, r) => { r.json({ ok: true }); });\napp.listen(8000, "127.0.0.1");\n',
            }
        )
        assert (await mine.run(Command(argv=("qlp-node-install",)))).ok
        assert (await mine.run(Command(argv=("qlp-node-install",)))).ok, "a second time changes nothing"
        checked = await mine.run(Command(argv=("tsc",)))
        assert checked.ok, checked.stdout
        handle = await mine.start(Command(argv=("tsx", "app.ts")))
        await serving(mine, 8000)
        assert (await mine.http("GET", 8000, "/")).body == b'{"ok":true}'
        await mine.stop(handle)
        await mine.put({"package.json": b'{"dependencies":{"left-pad":"^1.0.0","express":"^3.0.0"}}'})
        refused = await mine.run(Command(argv=("qlp-node-install",)))
        assert refused.exit_code == 1
        assert b"left-pad" in refused.stderr
        assert b"express@^3.0.0" in refused.stderr


async def test_a_go_program_is_built_vetted_and_tested(backend: Backend) -> None:
    status = await backend.probe()
    needs(status.profiles, "go", status.remedy)
    async with backend.open("go") as mine:
        await mine.put(
            {
                "go.mod": b"module example\n\ngo 1.19\n",
                "main.go": b'package main\n\nimport "net/http"\n\nfunc add(a, b int) int { return a + b }\n\nfunc main() { _ = http.ListenAndServe("127.0.0.1:8000", nil) }\n',
                "main_test.go": b'package main\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif add(1, 2) != 3 {\n\t\tt.Fatal("sum")\n\t}\n}\n',
            }
        )
        for argv in (("go", "build", "-o", "app", "."), ("go", "vet", "./..."), ("go", "test", "./...")):
            result = await mine.run(Command(argv=argv))
            assert result.ok, result.stderr
        assert (await mine.run(Command(argv=("gofmt", "-l", ".")))).stdout == b""
        handle = await mine.start(Command(argv=("./app",)))
        await serving(mine, 8000)
        await mine.stop(handle)

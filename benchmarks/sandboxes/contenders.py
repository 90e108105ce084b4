"""Ways to run `print(1)` once, each an async callable that returns when the output is there."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from qlp.sandbox import Command, Sandbox, SandboxBackend, engine
from qlp.sandbox.protocol import Job
from qlp.sandbox.work import Work

Run = Callable[[], Awaitable[None]]
PYTHON = "/usr/bin/python3"
"""The same interpreter for all: Debian's, of the host and of the image."""
SOURCE = b"print(1)\n"


def job(*, fork: bool = False) -> Job:
    argv = ("python3" if fork else PYTHON, "main.py")
    return Job(files={"main.py": SOURCE}, commands=(Command(argv=argv, wall_s=20),), fork=fork)


def in_sandbox(box: Sandbox, *, fork: bool = False) -> Run:
    async def run() -> None:
        check((await box.job(job(fork=fork))).last.stdout)

    return run


def on_host(folder: Path) -> Run:
    (folder / "main.py").write_bytes(SOURCE)
    return lambda: _process(PYTHON, str(folder / "main.py"))


def by_bwrap(folder: Path) -> Run:
    return lambda: _process(
        "bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        "--ro-bind", str(folder), "/mnt", "--die-with-parent", PYTHON, "/mnt/main.py",
    )  # fmt: skip


def by_docker_run(url: str, image: str) -> Run:
    return lambda: _process(
        "docker", "-H", url, "run", "--rm", "--network", "none", "--read-only", image, PYTHON, "-c", "print(1)"
    )


@asynccontextmanager
async def by_docker_exec(url: str, image: str) -> AsyncIterator[Run]:
    """The SDK's exec in a container that runs already."""
    client = engine.connect(url)
    container: Any = await asyncio.to_thread(
        lambda: client.containers.run(
            image, ["sleep", "1000"], detach=True, network_mode="none", read_only=True, init=True
        )
    )

    async def run() -> None:
        done = await asyncio.to_thread(container.exec_run, [PYTHON, "-c", "print(1)"])
        check(done.output)

    try:
        yield run
    finally:
        await asyncio.to_thread(lambda: container.remove(force=True))
        client.close()


@asynccontextmanager
async def warm(backend: SandboxBackend) -> AsyncIterator[tuple[Run, Run]]:
    """Jobs in one warm sandbox: in exec mode and in fork mode."""
    async with backend.open("python") as box:
        yield in_sandbox(box), in_sandbox(box, fork=True)


def through(execute: Callable[[Work], Awaitable[Any]], *, tenant: str = "local", fork: bool = False) -> Run:
    """The pool, in this process or behind the actor."""

    async def run() -> None:
        done = await execute(Work(profile="python", job=job(fork=fork), tenant=tenant))
        check(done.result.last.stdout)

    return run


class Peer:
    """llm-sandbox in an environment of its own: a process that runs one job for each line that it is sent."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, stack: AsyncExitStack, folder: Path, url: str, image: str, how: str) -> Peer:
        """`how`: `session` (one warm session) or `pool` (acquire, run, release). Raises RuntimeError."""
        script = Path(__file__).with_name("peer.py")
        process = await asyncio.create_subprocess_exec(
            str(folder / "bin" / "python"), str(script), url, image, how,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        peer = cls(process)
        stack.push_async_callback(peer.close)
        said = await peer._ask(None, timeout_s=120)
        if said != {"ready": True}:
            raise RuntimeError(str(said.get("error", said)))
        return peer

    async def run(self) -> None:
        said = await self._ask("run", timeout_s=60)
        check(str(said.get("stdout", said)).encode())

    async def close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 60)
        except TimeoutError:
            self._process.kill()

    async def _ask(self, line: str | None, *, timeout_s: float) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        if line:
            self._process.stdin.write(line.encode() + b"\n")
        answer = await asyncio.wait_for(self._process.stdout.readline(), timeout_s)
        return json.loads(answer) if answer else {"error": "it ended"}


async def peer_image(url: str, image: str) -> str:
    """The same system with what llm-sandbox expects: a command that stays, `python`, and its pool's environment (which
    it would make with pip, and there is no network)."""
    name = "qlp-bench/peer"
    make = "mkdir -p /sandbox/.sandbox-venv/bin && ln -s /opt/qlp/python/bin/python /sandbox/.sandbox-venv/bin/python"
    await _quiet("docker", "-H", url, "run", "--name", "peer-base", "--network", "none", image, "/bin/sh", "-c", make)
    await _quiet(
        "docker", "-H", url, "commit", "--change", 'CMD ["sleep", "infinity"]', "--change",
        "ENV PATH=/opt/qlp/python/bin:/usr/bin:/bin", "peer-base", name,
    )  # fmt: skip
    return name


async def install_peer(folder: Path) -> str:
    """Its version. Raises RuntimeError with the reason why it cannot be installed."""
    await _quiet(sys.executable, "-m", "venv", str(folder))
    pip = str(folder / "bin" / "pip")
    await _quiet(pip, "install", "-q", "llm-sandbox[docker]")
    shown = await _quiet(pip, "show", "llm-sandbox")
    return next(line.split()[1] for line in shown.decode().splitlines() if line.startswith("Version:"))


def bwrap_there() -> bool:
    return shutil.which("bwrap") is not None


def check(stdout: bytes) -> None:
    if stdout.strip() != b"1":
        raise RuntimeError(f"wrong output: {stdout[:300]!r}")


async def _process(*argv: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    if process.returncode:
        raise RuntimeError(f"{argv[0]} exited {process.returncode}: {err[-300:]!r}")
    check(out)


async def _quiet(*argv: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 180)
    if process.returncode:
        raise RuntimeError(f"{argv[0]} exited {process.returncode}: {err[-500:].decode('utf-8', 'replace')}")
    return out

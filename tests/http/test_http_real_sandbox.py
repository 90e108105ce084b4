"""The faces over real sandboxes: scripts written for others, the examples, the command line, live output."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qlp.client import AsyncQLP
from qlp.config import SandboxSettings, Settings
from qlp.errors import NotFoundError
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.service import SandboxService, places
from tests.support.api import Api, open_api

pytestmark = [pytest.mark.http, pytest.mark.docker]
ROOT = Path(__file__).resolve().parents[2]
PROFILES = {"python", "node", "c"}


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    settings = SandboxSettings(concurrency=3, warm={"python": 1}, keep=4)
    backend = DockerBackend(places(settings), Settings().home)
    status = await backend.probe()
    if not status.available or not set(status.profiles) >= PROFILES:
        pytest.skip(f"{status.detail} {status.remedy}; there are the profiles {status.profiles}")
    service = SandboxService(backend, settings)
    try:
        async with open_api(tmp_path_factory.mktemp("home"), service) as api:
            yield api
    finally:
        await service.drain()


@pytest.fixture(scope="module")
async def key(api: Api) -> str:
    return await api.new_key("tenant-real")


async def run(*argv: str, stdin: bytes = b"", cwd: Path | None = None, **env: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        cwd=cwd,
    )
    async with asyncio.timeout(120):
        out, err = await process.communicate(stdin)
    return process.returncode or 0, out.decode(), err.decode()


async def test_an_evaluation_script_only_changes_its_url(api: Api, key: str) -> None:
    url = api.url.replace("http://", f"http://qlp:{key}@") + "/run_code"
    code, out, err = await run(sys.executable, str(ROOT / "examples" / "evaluate_run_code.py"), url)
    assert code == 0, out + err
    assert "graded as expected: 7 of 7" in out


async def test_requests_sends_the_key_of_the_url(api: Api, key: str) -> None:
    import requests

    def post() -> Any:
        url = api.url.replace("http://", f"http://qlp:{key}@")
        return requests.post(f"{url}/run_code", json={"code": "print(input())", "language": "python", "stdin": "x"})

    body = (await asyncio.to_thread(post)).json()
    assert (body["status"], body["run_result"]["stdout"]) == ("Success", "x\n")


async def test_the_session_example(api: Api, key: str) -> None:
    example = str(ROOT / "examples" / "sandbox_session.py")
    code, out, err = await run(sys.executable, example, QLP_BASE_URL=api.url, QLP_API_KEY=key)
    assert code == 0, err
    assert out.startswith("200 hello from inside\nstdout line 1\n")
    assert "hello world!" in out


async def test_output_arrives_while_the_program_runs(api: Api, key: str) -> None:
    code = "import time\nprint('first', flush=True)\ntime.sleep(3)\nprint('second')"
    async with AsyncQLP(api.url, key) as client:
        stream = await client.execute(language="python", code=code, stream=True)
        arrived = [(piece.delta, time.monotonic()) async for piece in stream]
    assert "".join(delta for delta, _ in arrived) == "first\nsecond\n"
    assert arrived[-1][1] - arrived[0][1] > 1
    assert stream.result is not None
    assert stream.result.ok


async def test_a_closed_stream_frees_its_place(api: Api, key: str) -> None:
    async with AsyncQLP(api.url, key) as client:
        for _ in range(4):  # more than there are places
            stream = await client.execute(language="python", code="while True: print('x' * 9)", stream=True)
            async for _ in stream:
                break
            await stream.aclose()
        async with asyncio.timeout(60):
            assert (await client.execute(language="python", code="print(1)")).stdout == "1\n"


async def test_jobs_of_one_tenant_do_not_meet(api: Api, key: str) -> None:
    async with AsyncQLP(api.url, key) as client:
        leave = "import os; open('left', 'w'); open('/tmp/left', 'w'); print(os.path.exists('left'))"
        look = "import os; print(os.path.exists('left'), os.path.exists('/tmp/left'))"
        assert (await client.execute(language="python", code=leave)).stdout == "True\n"
        seen = await client.execute(language="python", code=look)
        assert (seen.stdout, seen.isolation.network) == ("False False\n", "none")
        assert seen.mode == "shared-tenant"
        strict = await client.execute(language="python", code=look, mode="strict")
        assert (strict.mode, strict.stdout) == ("strict", "False False\n")


async def test_artefacts_come_out_and_links_do_not(api: Api, key: str) -> None:
    code = "import os; open('a', 'wb').write(b'\\xff'); os.symlink('/etc/passwd', 'b')"
    async with AsyncQLP(api.url, key) as client:
        done = await client.execute(language="python", code=code, fetch=["a", "b", "none"])
    assert done.artefact("a") == b"\xff"
    assert set(done.missing) == {"b", "none"}


async def test_every_ending_is_told(api: Api, key: str) -> None:
    async with AsyncQLP(api.url, key) as client:
        late = await client.execute(language="python", code="while True: pass", limits={"wall_s": 1})
        assert (late.ok, late.timed_out) == (False, True)
        killed = await client.execute(language="python", code="import os; os.kill(os.getpid(), 11)")
        assert (killed.exit_code, killed.signal) == (None, 11)
        flood = await client.execute(language="python", code="print('x' * 10**6)", limits={"output_bytes": 1000})
        assert (len(flood.stdout), flood.truncated) == (1000, True)
        broken = await client.execute(language="c", code="int main() { return x; }")
        assert broken.compile is not None
        assert "error" in broken.compile.stderr
        assert broken.run is None


async def test_a_session_keeps_its_files_and_forgets_them_at_its_end(api: Api, key: str) -> None:
    async with AsyncQLP(api.url, key) as client:
        async with await client.sandboxes.create(files={"a.txt": "1"}) as sandbox:
            assert (await sandbox.run("echo 2 >> a.txt; cat a.txt")).stdout == "12\n"
            await sandbox.put("dir/b.bin", b"\x00" * 100_000)
            assert len(await sandbox.get("dir/b.bin")) == 100_000
            assert [info.id for info in await client.sandboxes.list()] == [sandbox.id]
        with pytest.raises(NotFoundError):
            await sandbox.run("ls")


def left_by_up(home: Path, url: str, key: str) -> str:
    (home / "run").mkdir()
    (home / "run" / "client.json").write_text(f'{{"url": "{url}", "api_key": "{key}"}}')
    return str(home)


async def test_qlp_exec_asks_the_server_and_exits_as_the_program(api: Api, key: str, tmp_path: Path) -> None:
    home = left_by_up(tmp_path, api.url, key)
    (tmp_path / "main.py").write_text(
        "import sys, part.one\nprint(part.one.x, sys.argv[1:], sys.stdin.read())\n"
        "sys.stdout.buffer.write(b'\\xff'[:0]); open('made.txt', 'w').write('made'); sys.exit(3)"
    )
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "one.py").write_text("x = 1")
    qlp = (sys.executable, "-c", "from qlp.cli.main import main; main()", "exec")
    argv = (*qlp, "--server", "main.py", "part", "--fetch", "made.txt", "-o", "out", "--", "-a", "b")
    code, out, err = await run(*argv, stdin=b"in", cwd=tmp_path, QLP_HOME=home)
    assert (code, out) == (3, "1 ['-a', 'b'] in\n"), err
    assert (tmp_path / "out" / "made.txt").read_text() == "made"
    argv = (*qlp, "--profile", "python", "--", "sh", "-c", "kill -9 $$")
    assert (await run(*argv, cwd=tmp_path, QLP_HOME=home))[0] == 137


async def test_a_command_with_curls_credentials(api: Api, key: str) -> None:
    async with httpx.AsyncClient(base_url=api.url, auth=("qlp", key), trust_env=False, timeout=60) as http:
        answer = await http.post("/v1/execute", json={"profile": "python", "command": ["sh", "-c", "exit 4"]})
        assert answer.json()["exit_code"] == 4

"""Projects that are large, odd or hostile: tools find what is wrong with them, and nothing errs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from qlp.config import SandboxSettings, home
from qlp.models import InterfaceContract, ProjectCommand, SourceFile, StageResult
from qlp.sandbox.docker import DockerBackend
from qlp.validation import infer_contract, validate_project
from qlp.validation.verdict_store import VerdictStore
from tests.support.sandboxd import OWNER_LABEL, containers

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
async def backend() -> AsyncIterator[DockerBackend]:
    made = DockerBackend(SandboxSettings(backend="docker"), home())
    status = await made.probe()
    if not status.available:
        pytest.skip(status.detail)
    yield made
    await made.close()


def project(**content: bytes) -> tuple[SourceFile, ...]:
    return tuple(SourceFile.of(path, data) for path, data in sorted(content.items()))


CALC = {
    "calc.py": b'def add(a: int, b: int) -> int:\n    """Sum."""\n    return a + b\n',
    "tests/test_calc.py": b"from calc import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n",
}
ODD_NAMES = ("-x.py", "--help.py", "a b.py", "\u00fc.py", "$(touch x).py", "'q'.py", "d/" * 40 + "z.py")


async def test_thousands_of_files_huge_ones_empty_ones_and_odd_names(backend: DockerBackend) -> None:
    content = {
        **CALC,
        **{f"pkg{n // 100}/module_{n:04}.py": f"VALUE_{n} = {n}\n".encode() for n in range(2000)},
        **dict.fromkeys(ODD_NAMES, b"X = 1\n"),
        **dict.fromkeys(("empty.py", "empty.yaml", "empty.json", "Dockerfile", "empty.sh", "empty.html"), b""),
        "big.json": b"[" + b"1234567," * 1_300_000 + b"1]",
        "big.txt": b"word " * 2_000_000,
        "picture.png": bytes(range(256)) * 40_000,
    }
    files = project(**content)
    verdict = await validate_project(files, infer_contract(files, "python"), backend, stages=("syntax", "style"))
    syntax, style = verdict.stages
    assert "errored" not in (syntax.status, style.status), (syntax.reason, style.reason)
    blamed = {f.file for f in verdict.findings if f.severity not in ("info", "low")}
    assert blamed <= {p for p in content if p.startswith("empty.") or p == "Dockerfile"}
    assert int(syntax.facts["files"]) >= 2000 + len(CALC) + len(ODD_NAMES) + 1


async def test_source_files_that_are_no_text_are_findings(backend: DockerBackend) -> None:
    files = project(
        **CALC,
        **{"binary.py": bytes(range(256)) * 100, "latin.py": b"X = 'caf\xe9'\n", "nul.py": b"X = 1\0\n"},
    )
    verdict = await validate_project(files, infer_contract(files), backend)
    status = {s.stage: s.status for s in verdict.stages}
    assert status["syntax"] == "failed"
    assert "errored" not in status.values(), [(s.stage, s.reason) for s in verdict.stages]
    assert {f.file for f in verdict.stages[0].findings} == {"binary.py", "latin.py", "nul.py"}


async def test_cancelling_kills_the_tools_and_releases_every_sandbox(backend: DockerBackend) -> None:
    sleepy = {**CALC, "tests/test_calc.py": b"import time\n\n\ndef test_a() -> None:\n    time.sleep(600)\n"}
    files = project(**sleepy)
    told = asyncio.Event()

    async def listen(stage: StageResult) -> None:
        if stage.stage == "syntax":
            told.set()

    work = asyncio.create_task(validate_project(files, infer_contract(files), backend, on_stage=listen))
    await told.wait()
    mine = f"{OWNER_LABEL}={backend.owner_id}"
    assert containers(mine)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert containers(mine) == []


async def test_an_unchanged_project_opens_no_sandbox(backend: DockerBackend, tmp_path: Path) -> None:
    files = project(**CALC)
    cache = VerdictStore(tmp_path / "verdicts.db", max_bytes=10_000_000)
    first = await validate_project(files, infer_contract(files), backend, cache=cache, stages=("syntax", "tests"))
    assert first.verified
    nothing = DockerBackend(SandboxSettings(backend="docker", concurrency=1), home())
    async with nothing._slots:  # every place is taken: it must come without one
        async with asyncio.timeout(20):
            again = await validate_project(
                files, infer_contract(files), nothing, cache=cache, stages=("syntax", "tests")
            )
    await nothing.close()
    assert again.cached_at is not None
    assert again.model_copy(update={"cached_at": None}) == first
    cache.close()


OPENAPI = b"""openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /books: {get: {responses: {"200": {description: ok}}}}
  /missing: {get: {responses: {"200": {description: ok}}}}
  /books/{id}: {get: {responses: {"200": {description: ok}}}}
"""
SHOP = b"""import http.server
import os
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        print("asked", self.path, file=sys.stderr)
        self.send_response(200 if self.path == "/books" else 404)
        self.end_headers()


if __name__ == "__main__":
    http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def start(files: tuple[SourceFile, ...]) -> InterfaceContract:
    return infer_contract(files, commands=(ProjectCommand(purpose="start", argv=("python3", "shop.py")),))


async def test_a_service_is_asked_what_its_openapi_file_promises(backend: DockerBackend) -> None:
    files = project(**{"shop.py": SHOP, "openapi.yaml": OPENAPI})
    (runtime,) = (await validate_project(files, start(files), backend, stages=("runtime",))).stages
    assert runtime.status == "failed"
    assert [f.message.splitlines()[0] for f in runtime.findings] == ["GET /missing: expected 200, got status 404"]
    assert (runtime.facts["smoke_requests"], runtime.facts["smoke_from"]) == (2, "openapi.yaml")
    log = next(e for e in runtime.evidence if e.tool == "python3")
    assert "asked /missing" in log.stderr

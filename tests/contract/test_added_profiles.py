"""Profiles that an operator adds: dependencies from a wheel made here, and an image without Python or shell."""

from __future__ import annotations

import base64
import hashlib
import io
import platform
import tarfile
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from qlp.config import SandboxSettings, Settings
from qlp.errors import InputError, NotFoundError, SandboxUnavailableError
from qlp.sandbox import added, engine
from qlp.sandbox.bubblewrap import BubblewrapBackend
from qlp.sandbox.dependencies import Fetch
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.languages import program_job
from qlp.sandbox.protocol import Limits, SandboxBackend

pytestmark = pytest.mark.contract

LIMITS = Limits(wall_s=30, memory_mb=256, pids=64, cpus=2, disk_mb=32)
OFFLINE = {"hosts": (), "offline": True}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own that shares the toolchains and roots that were built before."""
    real = Settings().home
    for room in ("toolchain", "rootfs"):
        (tmp_path / room).mkdir()
        for place in (real / room).glob("[a-z]*") if (real / room).is_dir() else ():
            (tmp_path / room / place.name).symlink_to(place)
    monkeypatch.setenv("QLP_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def settings(home: Path) -> SandboxSettings:
    return SandboxSettings(docker_host=_ENGINE, concurrency=2)


_ENGINE = engine.engine_url(SandboxSettings(), Settings().home)


@pytest.fixture(
    params=[
        pytest.param(DockerBackend, marks=pytest.mark.docker, id="docker"),
        pytest.param(BubblewrapBackend, marks=pytest.mark.bubblewrap, id="bubblewrap"),
    ]
)
async def backend(request: pytest.FixtureRequest, settings: SandboxSettings, home: Path) -> AsyncIterator[Any]:
    made = request.param(settings, home)
    status = await made.probe()
    if not status.available or "python" not in status.profiles:
        pytest.skip(f"{status.name}: {status.detail}; {status.remedy}")
    yield made
    await made.close()


def wheel(folder: Path, name: str, version: str, text: str, command: str = "") -> None:
    """A wheel by hand (PEP 427)."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": text,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if command:
        files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{command} = {name}:main\n"
    lines = []
    for path, body in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(body.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(body)}\n")
    files[f"{info}/RECORD"] = "".join(lines) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, body in files.items():
            archive.writestr(path, body)


async def test_python_dependencies_reach_the_programs_and_nobody_else(
    backend: SandboxBackend, settings: SandboxSettings, home: Path, tmp_path: Path
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "qlpgreeting", "1.2.0", "WORD = 'hello'\ndef main(): print('from the command')\n", "greet")
    file = tmp_path / "requirements.txt"
    file.write_text("qlpgreeting>=1  # made by hand\n")
    record = await added.add(file, settings, home, name="greeting", how=Fetch(**OFFLINE, wheels=wheels))  # type: ignore[arg-type]
    try:
        assert record.holds == ("qlpgreeting 1.2.0",)
        assert "greeting" in (await backend.probe()).profiles  # type: ignore[attr-defined]
        text = b"import qlpgreeting, subprocess\nprint(qlpgreeting.WORD, flush=True)\nsubprocess.run(['greet'], check=True)\n"
        with_it = program_job("python", {"main.py": text}, profile="greeting")
        async with backend.open("greeting", LIMITS) as box:
            done = await box.job(with_it.job)
        assert done.last.stdout == b"hello\nfrom the command\n", done.last
        async with backend.open("python", LIMITS) as box:
            done = await box.job(with_it.job)
        assert done.last.exit_code == 1
        assert b"No module named 'qlpgreeting'" in done.last.stderr
        again = await added.add(file, settings, home, name="greeting", how=Fetch(**OFFLINE, wheels=wheels))  # type: ignore[arg-type]
        assert again == record
        assert (home / record.tree).is_dir()
        wheel(wheels, "qlpgreeting", "1.3.0", "WORD = 'good day'\ndef main(): pass\n", "greet")
        newer = await added.add(file, settings, home, name="greeting", how=Fetch(**OFFLINE, wheels=wheels))  # type: ignore[arg-type]
        assert newer.digest != record.digest
        async with backend.open("greeting", LIMITS) as box:
            done = await box.job(with_it.job)
        assert done.last.stdout == b"good day\n", done.last
    finally:
        await added.remove("greeting", settings, home)
    assert not (home / record.tree).exists()
    assert not (home / newer.tree).exists()
    with pytest.raises(InputError, match="greeting"):
        async with backend.open("greeting", LIMITS):
            pass


async def test_go_modules_are_read_from_the_profile(
    backend: SandboxBackend, settings: SandboxSettings, home: Path, tmp_path: Path
) -> None:
    versions = tmp_path / "proxy/example.org/greeting/@v"
    versions.mkdir(parents=True)
    module = "module example.org/greeting\n\ngo 1.18\n"
    (versions / "list").write_text("v1.0.0\n")
    (versions / "v1.0.0.info").write_text('{"Version": "v1.0.0"}')
    (versions / "v1.0.0.mod").write_text(module)
    with zipfile.ZipFile(versions / "v1.0.0.zip", "w") as archive:
        archive.writestr("example.org/greeting@v1.0.0/go.mod", module)
        archive.writestr("example.org/greeting@v1.0.0/greeting.go", 'package greeting\n\nconst Word = "hello"\n')
    file = tmp_path / "go.mod"
    file.write_text("module program\n\ngo 1.18\n\nrequire example.org/greeting v1.0.0\n")
    how = Fetch(hosts=(), index=f"file://{tmp_path}/proxy")
    record = await added.add(file, settings, home, name="greeting-go", how=how)
    try:
        assert record.holds == ("example.org/greeting v1.0.0",)
        text = b'package main\nimport ("fmt"; "example.org/greeting")\nfunc main() { fmt.Println(greeting.Word) }\n'
        program = program_job("go", {"main.go": text, "go.mod": file.read_bytes()}, profile="greeting-go")
        async with backend.open(program.profile, LIMITS.model_copy(update={"memory_mb": 1024, "pids": 256})) as box:
            done = await box.job(program.job)
        assert done.last.stdout == b"hello\n", done.last
    finally:
        await added.remove("greeting-go", settings, home)


@pytest.fixture
def bare_image() -> Iterator[str]:
    """One static program and a folder: no Python, no shell, no libc."""
    from docker.errors import DockerException

    if platform.machine() != "x86_64":
        pytest.skip("the program of this image is x86-64 machine code")
    try:
        client = engine.connect(_ENGINE)
    except (SandboxUnavailableError, DockerException) as error:
        pytest.skip(f"needs a container engine: {error}")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        body = _static_program()
        entry = tarfile.TarInfo("tool/prog")
        entry.size, entry.mode = len(body), 0o755
        tar.addfile(entry, io.BytesIO(body))
    client.api.import_image_from_data(
        archive.getvalue(), repository="qlp-test/bare", tag="1", changes=["ENV WORD=there"]
    )
    yield "qlp-test/bare:1"
    client.api.remove_image("qlp-test/bare:1", force=True)
    client.close()


def _static_program() -> bytes:
    """ELF64 for x86-64 by hand: write(1, "bare\\n", 5); exit(7)."""
    code = bytes.fromhex("b801000000bf01000000488d3510000000ba050000000f05b83c000000bf070000000f05")
    code = code[:13] + (len(code) - 17).to_bytes(4, "little") + code[17:] + b"bare\n"
    base, head = 0x400000, 64 + 56
    elf = b"\x7fELF\x02\x01\x01" + bytes(9) + (2).to_bytes(2, "little") + (62).to_bytes(2, "little")
    elf += (1).to_bytes(4, "little") + (base + head).to_bytes(8, "little") + (64).to_bytes(8, "little") + bytes(8)
    elf += bytes(4) + b"".join(n.to_bytes(2, "little") for n in (64, 56, 1, 0, 0, 0))
    size = head + len(code)
    program = (1).to_bytes(4, "little") + (5).to_bytes(4, "little") + bytes(8)
    program += b"".join(n.to_bytes(8, "little") for n in (base, base, size, size, 0x1000))
    return elf + program + code


@pytest.mark.docker
async def test_any_image_and_command(
    backend: SandboxBackend, bare_image: str, settings: SandboxSettings, home: Path
) -> None:
    record = await added.add_image(bare_image, "bare", settings, home)
    try:
        assert record.env == {"WORD": "there"}
        program = program_job("bare", {"file": b"x"}, command=("/tool/prog",))
        async with backend.open(program.profile, LIMITS) as box:
            done = await box.job(program.job)
            assert done.last.stdout == b"bare\n", done.last
            assert done.last.exit_code == 7
    finally:
        await added.remove("bare", settings, home)


@pytest.mark.docker
async def test_an_image_that_is_not_there_is_an_input_error(settings: SandboxSettings, home: Path) -> None:
    try:
        with pytest.raises(InputError, match="qlp-test/nothing"):
            await added.add_image("qlp-test/nothing:1", "nothing", settings, home)
    except SandboxUnavailableError as error:
        pytest.skip(str(error))


async def test_removing_what_is_not_there(settings: SandboxSettings, home: Path) -> None:
    with pytest.raises(NotFoundError, match="nothing"):
        await added.remove("nothing", settings, home)
    with pytest.raises(NotFoundError):
        await added.remove("python", settings, home)

"""Artefacts that are not what they are called: nothing outside the job's workspace comes out through `Job.fetch`."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping

import pytest

from qlp.errors import InputError
from qlp.sandbox import Command
from qlp.sandbox.protocol import Job, JobResult
from tests.hostile.census import settled
from tests.hostile.conftest import Target
from tests.hostile.program import PRELUDE


async def fetched(
    target: Target, source: str, *paths: str, fetch_bytes: int = 4_000_000, fork: bool = False
) -> JobResult:
    """Run a program that makes artefacts, ask for them, and see that the sandbox is as it was."""
    box, before = await target.warm()
    job = Job(
        files={"hostile.py": (PRELUDE + source).encode()},
        commands=(Command(argv=("python3", "hostile.py"), wall_s=10),),
        fetch=paths,
        fetch_bytes=fetch_bytes,
        fork=fork,
    )
    result = await box.job(job)
    assert result.last.ok, result.last.stderr
    assert not await settled(box, before)
    return result


# What each name is made of, how, and what a fetch that follows it would show.
TRICKS: Mapping[str, str] = {
    "symlink to a file of the system": 'os.symlink("/etc/passwd", "trick")',
    "symlink to a file of another process": 'os.symlink("/proc/1/environ", "trick")',
    "symlink to the runner's code": 'os.symlink("/proc/self/fd/0", "trick")',
    "symlink to an own file": 'open("own", "w").write("own"); os.symlink("own", "trick")',
    "symlink to itself": 'os.symlink("trick", "trick")',
    "dangling symlink": 'os.symlink("nowhere", "trick")',
    "symlink to a device": 'os.symlink("/dev/zero", "trick")',
    "FIFO that nobody writes": 'os.mkfifo("trick")',
    "FIFO with a writer": 'os.mkfifo("trick")\nif not os.fork(): os.open("trick", os.O_RDWR); time.sleep(60)',
    "socket": 's = socket.socket(socket.AF_UNIX); s.bind("trick")',
    "folder": 'os.mkdir("trick"); open("trick/file", "w").write("x")',
    "nothing": "pass",
}


@pytest.mark.parametrize("trick", TRICKS, ids=lambda t: t.replace(" ", "_"))
async def test_what_is_no_regular_file_stays_inside(shared: Target, trick: str) -> None:
    result = await fetched(shared, TRICKS[trick] + '\nopen("honest", "w").write("ok")\n', "trick", "honest")
    assert result.artefacts == {"honest": b"ok"}
    assert result.missing["trick"], "the reason has to be said"


async def test_a_symlinked_folder_is_not_walked_through(shared: Target) -> None:
    source = 'os.symlink("/etc", "etc"); os.symlink("/proc/1/root", "root"); os.mkdir("a"); os.symlink("..", "a/up"); open("own", "w").write("x")'
    asked = ("etc/passwd", "root/etc/passwd", "a/up/own")
    result = await fetched(shared, source, *asked)
    assert result.artefacts == {}
    assert set(result.missing) == set(asked)


@pytest.mark.parametrize("path", ["../etc/passwd", "a/../../x", "/etc/passwd", "", ".", "a\0b", "x" * 300, "folder/"])
async def test_a_path_that_leaves_the_workspace_is_refused(shared: Target, path: str) -> None:
    box, before = await shared.warm()
    job = Job(commands=(Command(argv=("true",)),), fetch=(path,))
    with pytest.raises(InputError):
        await box.job(job)
    with pytest.raises(InputError):
        await box.job(Job(files={path: b"x"}, commands=(Command(argv=("true",)),)))
    assert not await settled(box, before)


async def test_a_hard_link_shows_only_what_the_program_may_read_itself(shared: Target) -> None:
    source = """
verdict(**{n: outcome(os.link, p, n) for n, p in (("passwd", "/etc/passwd"), ("exe", "/proc/self/exe"), ("shadow", "/etc/shadow"), ("environ", "/proc/1/environ"))})
open("own", "w").write("own"); os.link("own", "second")
"""
    result = await fetched(shared, source, "passwd", "exe", "shadow", "environ", "second")
    assert set(result.artefacts) <= {"second"}
    assert set(result.missing) >= {"passwd", "exe", "shadow", "environ"}


async def test_a_device_cannot_be_made_to_be_fetched(shared: Target) -> None:
    source = 'import stat\nverdict(made=outcome(os.mknod, "zero", stat.S_IFCHR | 0o600, os.makedev(1, 5)))\n'
    result = await fetched(shared, source, "zero")
    assert b"made=EPERM" in result.last.stdout
    assert result.artefacts == {}
    assert "zero" in result.missing


async def test_a_zip_bomb_comes_out_as_the_small_file_that_it_is(shared: Target) -> None:
    source = """
import zipfile
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
    z.writestr("../../escape.txt", "x")
    with z.open("zeros", "w") as f:
        for _ in range(30): f.write(bytes(1 << 20))
import hashlib; print(hashlib.sha256(open("bomb.zip", "rb").read()).hexdigest())
"""
    result = await fetched(shared, source, "bomb.zip")
    bomb = result.artefacts["bomb.zip"]
    assert len(bomb) < 100_000
    assert hashlib.sha256(bomb).hexdigest() == result.last.stdout.decode().strip()
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        assert archive.getinfo("zeros").file_size == 30 << 20, "it is a bomb, and nobody unpacked it"


async def test_artefacts_have_a_cap_together(shared: Target) -> None:
    source = 'for n in range(4): open("f%d" % n, "wb").write(b"x" * 1_000_000)\nos.truncate(os.open("sparse", os.O_CREAT | os.O_RDWR), 7_000_000)\n'
    asked = ("f0", "f1", "f2", "f3", "sparse")
    result = await fetched(shared, source, *asked, fetch_bytes=2_500_000)
    assert sum(map(len, result.artefacts.values())) <= 2_500_000
    assert set(result.artefacts) == {"f0", "f1"}
    assert set(result.missing) == {"f2", "f3", "sparse"}


async def test_many_artefacts_at_once(shared: Target) -> None:
    names = tuple(f"f{n}" for n in range(2000))
    result = await fetched(shared, 'for n in range(0, 2000, 2): open("f%d" % n, "w").write(str(n))\n', *names)
    assert len(result.artefacts) == 1000
    assert len(result.missing) == 1000


async def test_huge_and_odd_names(shared: Target) -> None:
    longest = "n" * 255
    deep = "/".join(["d" * 200] * 12)
    odd = ("new\nline", "-rf", "☃", "raw\udcff\udc80", " ", "a=b", "\x1b[2J", longest, deep + "/f")
    source = f"os.makedirs({deep!r})\nfor n in {odd!r}: open(n, 'w').write('ok')\n"
    result = await fetched(shared, source, *odd)
    assert result.missing == {}
    assert result.artefacts == dict.fromkeys(odd, b"ok")


async def test_unreadable_artefacts_are_said(shared: Target) -> None:
    source = 'open("shut", "w").write("x"); os.chmod("shut", 0); os.mkdir("closed"); open("closed/f", "w").write("x"); os.chmod("closed", 0)\n'
    result = await fetched(shared, source, "shut", "closed/f")
    assert set(result.artefacts) | set(result.missing) == {"shut", "closed/f"}


async def test_a_folder_that_changes_while_it_is_fetched_from(shared: Target) -> None:
    """A process that outlives the commands would swap file and symlink under the reader; it has to be dead by then."""
    source = """
open("trick", "w").write("own")
if os.fork() == 0:
    os.setsid()
    for fd in (0, 1, 2): os.close(fd)
    while True:
        os.symlink("/etc/passwd", "new"); os.rename("new", "trick")
        open("new", "w").write("own"); os.rename("new", "trick")
time.sleep(0.2)
"""
    for _ in range(5):
        result = await fetched(shared, source, "trick")
        assert result.artefacts.get("trick", b"own") in (b"own", b"")

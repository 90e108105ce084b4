"""Real git over real HTTP, on loopback; what must not happen is asserted by what would have left a trace."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from qlp.config import ValidationSettings
from qlp.errors import DeadlineExceededError, InputError, RequestTooLargeError
from qlp.validation.intake import fetch_git
from qlp.validation.intake.git_url import _public, allowed_remote, check_ref
from tests.support.git_http import GitServer, git

pytestmark = [pytest.mark.unit, pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    root = tmp_path_factory.mktemp("repositories")
    work = root / "work"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    trace = root / "trace"
    (work / "app.py").write_text("x = 1\n")
    (work / "logo.png").write_bytes(b"\x89PNG\xff")
    (work / "run.sh").write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    (work / "link.py").symlink_to("/etc/passwd")
    (work / ".gitattributes").write_text("*.py filter=evil text eol=crlf ident export-ignore\n")
    (work / ".gitmodules").write_text('[submodule "m"]\n path = m\n url = --upload-pack=touch\n')
    (work / ".lfsconfig").write_text("[lfs]\n url = http://127.0.0.1:1/\n")
    git(work, "add", ".")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},m")
    git(work, "-c", f"filter.evil.clean=touch {trace}", "commit", "-q", "-m", "one")
    git(work, "checkout", "-q", "-b", "next")
    (work / "app.py").write_text("x = 2\n")
    git(work, "commit", "-q", "-am", "two")
    git(root, "clone", "-q", "--bare", str(work), "shop.git")
    (root / "shop.git" / "config").open("a").write("[uploadpack]\n\tallowAnySHA1InWant = true\n")
    with GitServer(root) as running:
        yield running


def settings(server: GitServer, **fields: object) -> ValidationSettings:
    return ValidationSettings(git_hosts=(server.host,), **fields)


async def test_a_branch_is_read_without_a_checkout(server: GitServer) -> None:
    tree, fetched = await fetch_git(f"{server.host}/shop.git", "main", settings(server))
    files = {f.path: f for f in tree.files("")}
    assert sorted(files) == [".gitattributes", ".gitmodules", ".lfsconfig", "app.py", "logo.png", "run.sh"]
    assert files["app.py"].data == b"x = 1\n", "no filter, no line ending, no ident"
    assert files["logo.png"].data == b"\x89PNG\xff"
    assert files["run.sh"].executable
    assert set(tree.left_out) == {"link.py (a link)", "m (a submodule)"}
    assert fetched.ref == "main"
    assert len(fetched.commit) == 40


async def test_commit_default_branch_and_unknown_ref(server: GitServer) -> None:
    _, by_default = await fetch_git(f"{server.host}/shop.git", None, settings(server))
    tree, at = await fetch_git(f"{server.host}/shop.git", by_default.commit, settings(server))
    assert at.commit == by_default.commit
    assert next(f for f in tree.files("") if f.path == "app.py").data == b"x = 2\n"
    with pytest.raises(InputError, match="no such branch"):
        await fetch_git(f"{server.host}/shop.git", "nowhere", settings(server))


async def test_a_redirect_is_not_followed(server: GitServer, tmp_path: Path) -> None:
    with GitServer(tmp_path) as other:
        server.elsewhere = other.host
        with pytest.raises(InputError, match="redirect"):
            await fetch_git(f"{server.host}/away/shop.git", None, settings(server))
        assert other.paths == []


async def test_limits(server: GitServer) -> None:
    with pytest.raises(RequestTooLargeError):
        await fetch_git(f"{server.host}/shop.git", None, settings(server, max_files=2))
    with pytest.raises(RequestTooLargeError):
        await fetch_git(f"{server.host}/shop.git", None, settings(server, max_bytes=20))
    with pytest.raises(DeadlineExceededError, match="git_wall_s"):
        await fetch_git(f"{server.host}/hang/shop.git", None, settings(server, git_wall_s=0.6))
    with pytest.raises(RequestTooLargeError, match="git_max_bytes"):
        await fetch_git(f"{server.host}/hang/shop.git", None, settings(server, git_max_bytes=1))


async def test_a_missing_repository_is_an_input_error(server: GitServer) -> None:
    with pytest.raises(InputError):
        await fetch_git(f"{server.host}/none.git", None, settings(server))


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/a/b",
        "git://github.com/a/b",
        "ssh://git@github.com/a/b",
        "git@github.com:a/b",
        "file:///etc",
        "ext::sh -c touch% /tmp/x",
        "https://user:secret@github.com/a/b",
        "https://token@github.com/a/b",
        "https://github.com:8443/a/b",
        "https://github.com.evil.example/a/b",
        "https://evil.example/github.com/a",
        "https://github.com/a/b?x=1",
        "https://github.com/a/b#x",
        "https://github.com/a/../b",
        "https://github.com/a b",
        "https://github.com/",
        "https://127.0.0.1/a/b",
        "https://[::1/a",
        "",
    ],
)
async def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(InputError):
        await allowed_remote(url, ValidationSettings().git_hosts)


async def test_a_listed_host_with_an_address_inside_is_refused_unless_its_port_is_named() -> None:
    with pytest.raises(InputError, match="no public address"):
        await allowed_remote("https://localhost/a/b", ("localhost",))
    named = await allowed_remote("https://localhost:8443/a/b", ("localhost:8443",))
    assert named.url == "https://localhost:8443/a/b"
    with pytest.raises(InputError):
        await allowed_remote("http://localhost:8443/a/b", ("localhost:8443",))


def test_addresses() -> None:
    assert _public("140.82.121.4")
    assert _public("2606:4700::1")
    inside = ("10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1")
    inside += ("fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "2002:0a00:0001::", "::ffff:169.254.169.254")
    for address in inside:
        assert not _public(address), address


@pytest.mark.parametrize(
    "ref", ["-x", "--upload-pack=x", "a..b", "a b", "a:b", "HEAD@{1}", "+main", "", "a\n", "x.lock"]
)
def test_refs_that_are_refused(ref: str) -> None:
    with pytest.raises(InputError):
        check_ref(ref)
    assert check_ref("feature/x-1.2_y") == "feature/x-1.2_y"

"""A git repository's files, fetched shallow into a bare folder and read as objects: nothing is checked out.

So no hook, filter, LFS, submodule or link of the repository comes to effect, whatever its attributes say. git itself
runs without anybody's configuration or credentials, speaks only the one protocol, goes only to the addresses that
were checked, follows no redirect, and is killed with its children when it is late or too large.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import tempfile
from pathlib import Path

from qlp.config import ValidationSettings
from qlp.errors import DeadlineExceededError, InputError, QLPError, RequestTooLargeError
from qlp.models._base import Frozen
from qlp.validation.intake.git_url import Remote, allowed_remote, check_ref
from qlp.validation.intake.tree import Tree, skipped

_OFF = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.symlinks=false", "credential.helper=",
    "protocol.allow=never", "http.followRedirects=false", "http.proxy=", "http.lowSpeedLimit=1",
    "http.lowSpeedTime=20", "submodule.recurse=false", "fetch.recurseSubmodules=false", "fetch.unpackLimit=1",
    "filter.lfs.smudge=", "filter.lfs.process=", "filter.lfs.required=false", "gc.auto=0", "maintenance.auto=false",
    "fetch.writeCommitGraph=false", "transfer.bundleURI=false",
)  # fmt: skip
_LOOK_S = 0.2
_KIND_FILE, _KIND_EXECUTABLE = "100644", "100755"
_WHY = {"120000": "a link", "160000": "a submodule"}
_SAID = 400


class Fetched(Frozen):
    """Where the files come from, exactly."""

    url: str
    ref: str
    commit: str


async def fetch_git(url: str, ref: str | None, settings: ValidationSettings) -> tuple[Tree, Fetched]:
    """Raises InputError (URL, host, ref, repository), RequestTooLargeError, DeadlineExceededError."""
    remote = await allowed_remote(url, settings.git_hosts)
    wanted = check_ref(ref) if ref else "HEAD"
    with tempfile.TemporaryDirectory(prefix="qlp-git-", ignore_cleanup_errors=True) as folder:
        git = _Git(Path(folder), remote, settings)
        try:
            async with asyncio.timeout(settings.git_wall_s):
                await git.run("init", "--bare", "--quiet", "--template=", ".")
                await git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--", remote.url, wanted)
                commit = (await git.run("rev-parse", "--verify", "FETCH_HEAD^{commit}")).decode().strip()
                tree = await _read(git, commit, settings)
        except TimeoutError as error:
            raise DeadlineExceededError(
                f"{remote.url} was not fetched within {settings.git_wall_s:g} s (setting validation.git_wall_s)"
            ) from error
    return tree, Fetched(url=remote.url, ref=wanted, commit=commit)


async def _read(git: _Git, commit: str, settings: ValidationSettings) -> Tree:
    tree = Tree(settings, strict=False)
    wanted: list[tuple[str, str, bool]] = []
    total = 0
    for line in (await git.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)).split(b"\0"):
        if not line:
            continue
        about, _, raw = line.partition(b"\t")
        mode, _, digest, size = about.decode().split()
        path = raw.decode("utf-8", "replace")
        if mode not in (_KIND_FILE, _KIND_EXECUTABLE):
            tree.leave_out(path, _WHY.get(mode, f"mode {mode}"))
        elif not skipped(path):
            total += int(size)
            wanted.append((path, digest, mode == _KIND_EXECUTABLE))
        if total > settings.max_bytes:
            raise tree.too_large()
        if len(wanted) > settings.max_files:
            raise RequestTooLargeError(
                f"the repository has more than {settings.max_files} files: name a part of it as `root` of an archive, "
                "or raise validation.max_files",
                limit=settings.max_files,
            )
    asked = "".join(f"{digest}\n" for _, digest, _ in wanted).encode()
    answer = await git.run("cat-file", "--batch", stdin=asked) if wanted else b""
    at = 0
    for path, _, executable in wanted:
        end = answer.index(b"\n", at)
        length = int(answer[at:end].rsplit(b" ", 1)[1])
        tree.add(path, answer[end + 1 : end + 1 + length], executable=executable)
        at = end + 1 + length + 1
    return tree


class _Git:
    """One bare repository in a temporary folder."""

    def __init__(self, folder: Path, remote: Remote, settings: ValidationSettings) -> None:
        self._folder = folder
        self._settings = settings
        resolved = ",".join(f"[{a}]" if ":" in a else a for a in remote.addresses)
        # curl asks no name server again: a second answer could be another address than the one that was checked
        pinned = f"http.curloptResolve={remote.host}:{remote.port}:{resolved}"
        options = (*_OFF, f"protocol.{remote.scheme}.allow=always", pinned)
        self._git = ("git", *(word for option in options for word in ("-c", option)), "-C", str(folder))
        self._env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ALLOW_PROTOCOL": remote.scheme,
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
        }

    async def run(self, *argv: str, stdin: bytes = b"") -> bytes:
        """Standard output. The process group is gone when this returns, also on cancellation."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._git,
                *argv,
                env=self._env,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise QLPError(
                "git is not installed on the machine of the validators: install it, or send files"
            ) from error
        talk = asyncio.ensure_future(process.communicate(stdin))
        try:
            while not (await asyncio.wait([talk], timeout=_LOOK_S))[0]:
                if await asyncio.to_thread(_size, self._folder) > self._settings.git_max_bytes:
                    raise RequestTooLargeError(
                        f"the repository takes more than {self._settings.git_max_bytes} bytes (setting "
                        "validation.git_max_bytes)",
                        limit=self._settings.git_max_bytes,
                    )
            out, said = talk.result()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.wait([talk])
        if process.returncode != 0:
            raise InputError(_reason(argv[0], said))
        return out


def _size(folder: Path) -> int:
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # git renames while we look
                total += os.lstat(os.path.join(base, name)).st_size
    return total


def _reason(command: str, said: bytes) -> str:
    text = said.decode("utf-8", "replace").strip()
    if "could not read Username" in text or "Authentication failed" in text:
        return "the repository is not public, or it is not there: only public ones are fetched"
    if re.search(r"returned error: 30\d", text) or "redirect" in text.lower():
        return "the server redirects: give the URL that it redirects to (often the one that ends with .git)"
    if "couldn't find remote ref" in text or "not our ref" in text:
        return "the repository has no such branch, tag or commit"
    return f"git {command} failed: {text[-_SAID:]}"

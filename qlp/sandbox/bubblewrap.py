"""Sandboxes by bubblewrap: namespaces, a read-only root made of the host's own programs, control groups for limits.

The fallback where no container engine runs. What it cannot do is in docs/sandbox.md; what was not enforced in a given
sandbox is in its `Isolation`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from qlp.config import SandboxSettings
from qlp.errors import InputError, SandboxUnavailableError
from qlp.models import LOCAL_TENANT, Isolation
from qlp.sandbox import boot, cgroups, seccomp
from qlp.sandbox.cancellation import to_the_end
from qlp.sandbox.container import MAX_LIFETIME_S, UID, job_config, writable_mb
from qlp.sandbox.debian import HOSTS
from qlp.sandbox.ownership import Owner
from qlp.sandbox.pipe import PipeStream
from qlp.sandbox.profiles import DEFAULT_PROFILES, WORKSPACE, environment, languages
from qlp.sandbox.protocol import BackendStatus, Limits
from qlp.sandbox.reaper import Reaper
from qlp.sandbox.roots import HOST, Root, find_root, folders, ready_images
from qlp.sandbox.session import Session

REMEDY = "install it: apt-get install bubblewrap (dnf, pacman, apk: the same name)"
_START_S = 30.0
_PROBE_S = 10.0
_OOM_FILE = "/run/qlp/oom"
_JOIN = 'for f in $QLP_JOIN; do echo $$ > "$f" || exit 97; done; unset QLP_JOIN; exec "$@"'
"""Enter the control groups before bwrap starts, so that nothing of the sandbox is ever outside them."""
_ETC = {
    "passwd": f"root:x:0:0:root:/:/bin/false\nsandbox:x:{UID}:{UID}:sandbox:{WORKSPACE}:/bin/sh\n",
    "group": f"root:x:0:\nsandbox:x:{UID}:\n",
    "hosts": HOSTS,
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


class BubblewrapBackend:
    """One bwrap process per sandbox."""

    name = "bubblewrap"

    def __init__(self, settings: SandboxSettings, home: Path) -> None:
        self._home = home
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._owner: Owner | None = None
        self._reaper = Reaper(self.reap)
        self._version = ""

    async def probe(self) -> BackendStatus:
        def look() -> BackendStatus:
            if sys.platform != "linux":
                return BackendStatus(
                    name=self.name, available=False, detail="needs Linux", remedy="use a Docker engine instead"
                )
            if not shutil.which("bwrap"):
                return BackendStatus(name=self.name, available=False, detail="bwrap is not installed", remedy=REMEDY)
            try:
                self._smoke()
            except SandboxUnavailableError as error:
                return BackendStatus(
                    name=self.name,
                    available=False,
                    detail=error.detail,
                    remedy="allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or an "
                    "AppArmor profile for bwrap), or run as root",
                )
            group = cgroups.create(f"probe.{os.getpid()}", Limits(), cgroups.hierarchies())
            group.destroy()
            lacking = [n for n, there in (("memory", group.memory), ("process", group.pids)) if not there]
            limits = f"; no control group for {' and '.join(lacking)} limits" if lacking else ""
            images = ready_images(self._home)
            ready = tuple(images)
            missing = " ".join(p for p in DEFAULT_PROFILES if p not in ready and p != "go")
            return BackendStatus(
                name=self.name,
                available=True,
                detail=f"{self._version}{limits}",
                profiles=tuple(dict.fromkeys(name for p in ready for name in (p, *languages(p)))),
                remedy=f"qlp sandbox build {missing}" if missing else "",
                images={name: images[p] for p in ready for name in (p, *languages(p))},
            )

        return await asyncio.to_thread(look)

    def _smoke(self) -> None:
        """bwrap can make its namespaces here. Raises SandboxUnavailableError."""
        try:
            told = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, timeout=_PROBE_S, check=True)
            self._version = told.stdout.strip().replace("bubblewrap", "bwrap")
            argv = ["bwrap", *_namespaces(), "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "/bin/true"]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=_PROBE_S, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            raise SandboxUnavailableError(f"bwrap does not run: {error}") from error
        if done.returncode != 0:
            raise SandboxUnavailableError(f"bwrap cannot isolate here: {done.stderr.strip()}")

    async def reap(self) -> int:
        """Remove control groups of dead owners with whatever still runs in them; how many there were."""
        owner = self._own()
        self._reaper.start()

        def sweep() -> int:
            gone = 0
            for of, folder in cgroups.leftovers(cgroups.hierarchies()):
                home, _, id = of.partition(".")
                if home == owner.home_id and not owner.alive(id):
                    cgroups.remove(folder)
                    gone += 1
            owner.forget_dead()
            return gone

        return await asyncio.to_thread(sweep)

    async def close(self) -> None:
        await self._reaper.close()
        owner, self._owner = self._owner, None
        if owner:
            owner.close()

    def _own(self) -> Owner:
        if self._owner is None:
            self._owner = Owner(self._home)
        return self._owner

    @asynccontextmanager
    async def open(
        self, profile: str, limits: Limits = Limits(), *, tenant: str = LOCAL_TENANT, runtime: str | None = None
    ) -> AsyncIterator[Session]:
        if runtime:
            raise InputError(f"the runtime {runtime!r} needs a container engine; here runs bubblewrap")
        async with self._slots:
            if not self._version:
                await asyncio.to_thread(self._smoke)
            root = await asyncio.to_thread(find_root, profile, self._home)
            groups: list[cgroups.Group] = []
            pipe: PipeStream | None = None
            session: Session | None = None

            owner = self._own()
            self._reaper.start()

            def limit() -> None:
                groups.append(cgroups.create(f"{owner.home_id}.{owner.id}", limits, cgroups.hierarchies()))

            try:
                await to_the_end(asyncio.to_thread(limit))
                group = groups[0]
                isolation = Isolation(
                    backend="bubblewrap",
                    runtime=self._version,
                    image=root.image,
                    image_digest=root.digest,
                    memory_enforced=group.memory,
                    pids_enforced=group.pids,
                )
                pipe = await self._spawn(root, group, limits)
                session = Session(pipe, isolation, limits, diagnose=pipe.diagnose)
                await session.hello(_config(profile, self._home, root, group, limits), timeout_s=_START_S)
                yield session
            finally:
                await to_the_end(_destroy(session, pipe, groups))

    async def _spawn(self, root: Root, group: cgroups.Group, limits: Limits) -> PipeStream:
        megabyte = 1024 * 1024
        disk, tmp, shm = (mb * megabyte for mb in writable_mb(limits))
        with contextlib.ExitStack() as stack:
            filter_fd = stack.enter_context(_file(seccomp.bpf_program(namespaces=True)))
            fds = [filter_fd]
            argv = ["bwrap", *_namespaces(), "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"]
            argv += ["--hostname", "sandbox", "--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", *root.binds]
            if root.image == HOST:
                argv += folders("/run/qlp")
                for name, text in _ETC.items():
                    fd = stack.enter_context(_file(text.encode()))
                    fds.append(fd)
                    argv += ["--perms", "0444", "--ro-bind-data", str(fd), f"/etc/{name}"]
            if group.oom_file:
                argv += ["--ro-bind", str(group.oom_file), _OOM_FILE]
            argv += ["--dir", "/sys"]
            # As root bwrap would mask parts of /proc, and with them the right of a job to have a /proc of its own.
            argv += ["--dir", "/proc"] if os.geteuid() == 0 else ["--proc", "/proc"]
            argv += ["--dev", "/dev"]
            for folder, size in (("/dev/shm", shm), ("/tmp", tmp), (WORKSPACE, disk)):
                argv += ["--perms", "1777", "--size", str(size), "--tmpfs", folder]
            argv += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORKSPACE, "--seccomp", str(filter_fd)]
            argv += ["--", *root.python, *boot.COMMAND[1:]]
            process = await asyncio.create_subprocess_exec(
                "/bin/sh", "-c", _JOIN, "sh", *argv,
                stdin=PIPE, stdout=PIPE, stderr=PIPE, pass_fds=fds, start_new_session=True,
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "QLP_JOIN": " ".join(map(str, group.join_files))},
            )  # fmt: skip
        return PipeStream(process)


def _namespaces() -> list[str]:
    """Everything but the network's loopback is new; as root no user namespace is needed, the runner drops to UID."""
    common = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:
        # For the runner's first moments: it mounts /proc and becomes UID, and has none of these afterwards.
        keep = ("CAP_SETUID", "CAP_SETGID", "CAP_SYS_ADMIN")
        return [*common, "--cap-drop", "ALL", *(word for name in keep for word in ("--cap-add", name))]
    return ["--unshare-user", "--uid", str(UID), "--gid", str(UID), *common]


def _config(profile: str, home: Path, root: Root, group: cgroups.Group, limits: Limits) -> dict[str, Any]:
    rlimits = {"FSIZE": limits.file_mb * 1024 * 1024, "CORE": 0, "NOFILE": 1024}
    if not group.memory:  # per process and not for the sandbox as a whole, so not called enforced
        rlimits["DATA"] = limits.memory_mb * 1024 * 1024
    if not group.pids:
        rlimits["NPROC"] = _processes_of(os.getuid()) + limits.pids
    return {
        "root": WORKSPACE,
        "env": {**environment(profile, home), **root.env, "QLP_MEMORY_MB": str(limits.memory_mb)},
        "rlimits": rlimits,
        "output_bytes": limits.output_bytes,
        "lifetime_s": MAX_LIFETIME_S,
        "oom_files": [_OOM_FILE] if group.oom_file else [],
        "uid": UID,
        "mount_proc": os.geteuid() == 0,
        "cpu_s": limits.cpu_s,
        "jobs": job_config(limits),
    }


def _processes_of(uid: int) -> int:
    """Threads that count against RLIMIT_NPROC, roughly: the limit is per user, not per sandbox."""
    count = 0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                count += len(list((entry / "task").iterdir()))
    return count


@contextlib.contextmanager
def _file(data: bytes) -> Any:
    """A descriptor at the start of `data`, for bwrap to read."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(0)
        yield file.fileno()


async def _destroy(session: Session | None, pipe: PipeStream | None, groups: list[cgroups.Group]) -> None:
    if session:
        await session.close()
    if pipe:
        await pipe.kill()
    for group in groups:
        await asyncio.to_thread(group.destroy)

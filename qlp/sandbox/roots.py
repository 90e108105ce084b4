"""What a bubblewrap sandbox sees as its system: the unpacked image if one was made, else the host's own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from qlp.errors import SandboxUnavailableError
from qlp.sandbox import images, toolchain
from qlp.sandbox.profiles import OPT, ImageProfile, environment

HOST = "host-toolchain"
_PYTHON_BIN = f"{OPT}/host/bin"


@dataclass(frozen=True)
class Root:
    """What the sandbox sees as its system."""

    image: str
    digest: str
    python: str
    binds: list[str]
    env: dict[str, str] = field(default_factory=dict)
    """Variables that this root needs on top of the profile's."""


def find_root(profile: ImageProfile, home: Path) -> Root:
    """The best root that is ready. Blocking. Raises SandboxUnavailableError with the command that prepares one."""
    return image_root(profile, home) or host_root(profile, home)


def host_root(profile: ImageProfile, home: Path) -> Root:
    target = toolchain.host_target()
    binds = folders("/etc", OPT)
    for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        place = Path("/", name)
        if place.is_symlink():
            binds += ["--symlink", os.readlink(place), str(place)]
        elif place.is_dir():
            binds += ["--ro-bind", str(place), str(place)]
    for name in ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"):
        binds += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    # Every profile has python3, if need be this one; the folder around it may hold anything and is not on PATH.
    binds += [*folders(_PYTHON_BIN), "--symlink", target.python, f"{_PYTHON_BIN}/python3"]
    prefix = os.path.realpath(sys.base_prefix)
    if not Path(prefix).is_relative_to("/usr"):  # pyenv, uv, conda: only the interpreter's own folder is shown
        binds += [*folders(os.path.dirname(prefix)), "--ro-bind", prefix, prefix]
    env = {"PATH": environment(profile)["PATH"]}
    if profile == "go":
        more, env, digest = _host_go()
        binds += more
    else:
        folder = toolchain.path(profile, home, target)
        if not folder.is_dir():
            raise SandboxUnavailableError(f"the {profile} toolchain is not prepared; run: qlp sandbox build {profile}")
        binds += ["--ro-bind", str(folder), f"{OPT}/{profile}"]
        digest = f"sha256:{toolchain.pins_digest(profile)}"
    env = {**env, "PATH": f"{env['PATH']}:{_PYTHON_BIN}"}
    return Root(image=HOST, digest=digest, python=target.python, binds=binds, env=env)


def folders(*paths: str) -> list[str]:
    """Arguments that make folders and their parents: those that bwrap makes by itself are closed to other users."""
    made = []
    for path in paths:
        for folder in [*reversed(Path(path).parents), Path(path)][1:]:
            made += ["--perms", "0755", "--dir", str(folder)]
    return made


def _host_go() -> tuple[list[str], dict[str, str], str]:
    go = shutil.which("go")
    if not go:
        raise SandboxUnavailableError("no go on this machine; apt-get install golang-go, or use the Docker backend")
    told = subprocess.run([go, "env", "GOROOT", "GOVERSION"], capture_output=True, text=True, timeout=30, check=False)
    if told.returncode != 0:
        raise SandboxUnavailableError(f"{go} does not run: {told.stderr.strip()}")
    root, version = told.stdout.split()
    root = os.path.realpath(root)
    # At its own path: Debian's GOROOT is full of relative links into /usr/share.
    binds = [] if Path(root).is_relative_to("/usr") else [*folders(os.path.dirname(root)), "--ro-bind", root, root]
    return binds, {"GOROOT": root, "PATH": f"{root}/bin:{environment('go')['PATH']}"}, version


def image_root(profile: ImageProfile, home: Path) -> Root | None:
    folder = images.rootfs_path(profile, home)
    if not folder.is_dir():
        return None
    binds = ["--ro-bind", str(folder), "/"]
    if profile != "go":
        tree = toolchain.path(profile, home, toolchain.image_target())
        if not tree.is_dir():
            return None
        binds += ["--ro-bind", str(tree), f"{OPT}/{profile}"]
    digest = f"sha256:{folder.name.rsplit('-', 1)[1]}"
    return Root(image=f"rootfs:{images.image_ref(profile)}", digest=digest, python="/usr/bin/python3", binds=binds)

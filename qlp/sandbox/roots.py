"""What a bubblewrap sandbox sees as its system: the unpacked image if one was made, else the host's own programs."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from qlp.errors import SandboxUnavailableError
from qlp.sandbox import debian, images, toolchain
from qlp.sandbox.profiles import (
    DEPS,
    IMAGE_PROFILES,
    NODE_MODULES,
    NODE_MODULES_TARGET,
    OPT,
    added,
    added_names,
    environment,
    image_profile,
    profile_python,
)

HOST = "host-toolchain"
_PYTHON_BIN = f"{OPT}/host/bin"
_PROGRAMS: dict[str, tuple[str, ...]] = {
    "java": ("java", "javac"),
    "rust": ("rustc", "cc"),
    "c": ("gcc", "g++"),
    "scripts": ("ruby", "php", "perl", "lua5.4", "bash", "sqlite3"),
    "mono": ("mcs", "mono"),
}
"""What the host must have in /usr to serve a profile; cheaper in disk than an unpacked image, and slower to compile."""


@dataclass(frozen=True)
class Root:
    """What the sandbox sees as its system."""

    image: str
    digest: str
    python: tuple[str, ...]
    """How process 1 is started."""
    binds: list[str]
    env: dict[str, str] = field(default_factory=dict)
    """Variables that this root needs on top of the profile's."""


def find_root(profile: str, home: Path) -> Root:
    """The best root that is ready. Blocking.

    Raises InputError for an unknown profile, SandboxUnavailableError with the command that prepares one.
    """
    profile = image_profile(profile, home)
    if profile not in IMAGE_PROFILES:
        return _added_root(profile, home)
    return image_root(profile, home) or host_root(profile, home)


def ready_images(home: Path) -> dict[str, str]:
    """Built-in and added profiles whose root is ready -> its digest. Blocking."""
    found: dict[str, str] = {}
    for profile in (*IMAGE_PROFILES, *added_names(home)):
        with contextlib.suppress(SandboxUnavailableError):
            found[profile] = find_root(profile, home).digest
    return found


def host_root(profile: str, home: Path) -> Root:
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
    elif profile in toolchain.TOOLCHAINS:
        folder = toolchain.path(profile, home, target)
        if not folder.is_dir():
            raise SandboxUnavailableError(f"the {profile} toolchain is not prepared; run: qlp sandbox build {profile}")
        binds += ["--ro-bind", str(folder), f"{OPT}/{profile}"]
        digest = f"sha256:{toolchain.pins_digest(profile)}"
    else:
        digest = _host_programs(profile)
    env = {**env, "PATH": f"{env['PATH']}:{_PYTHON_BIN}"}
    return Root(image=HOST, digest=digest, python=(target.python,), binds=binds, env=env)


def _host_programs(profile: str) -> str:
    """Where the host's programs are, as a digest of their places and sizes. Raises SandboxUnavailableError."""
    found = {name: shutil.which(name, path="/usr/local/bin:/usr/bin:/bin") for name in _PROGRAMS[profile]}
    if lacking := [name for name, place in found.items() if not place]:
        raise SandboxUnavailableError(
            f"no {', '.join(lacking)} in /usr/bin for the {profile} profile; run: qlp sandbox build {profile}"
        )
    stats = [(place, os.stat(place)) for place in found.values() if place]
    return f"host:{debian.digest(*(f'{place}:{stat.st_size}:{stat.st_mtime_ns}' for place, stat in stats))}"


def _added_root(profile: str, home: Path) -> Root:
    """An operator's profile: the base's root with the folder of the dependencies, or a foreign image's files."""
    more = added(profile, home)
    again = f"run: qlp sandbox image add ... --name {profile}"
    if more is None or not more.tree or not (home / more.tree).is_dir():
        raise SandboxUnavailableError(f"profile {profile} was not made for bubblewrap, or its folder is gone; {again}")
    tree = home / more.tree
    python = profile_python(profile, home)
    if more.kind == "image":
        binds = ["--ro-bind", str(tree), "/"]
        return Root(image=f"rootfs:{more.source}", digest=f"sha256:{more.digest}", python=python, binds=binds)
    base = find_root(more.base, home)
    binds = list(base.binds)
    if base.image == HOST:
        binds += [*folders(DEPS), "--symlink", NODE_MODULES_TARGET, NODE_MODULES]
    binds += ["--ro-bind", str(tree), DEPS]
    env = {**base.env, **({"PATH": f"{DEPS}/bin:{base.env['PATH']}"} if "PATH" in base.env else {})}
    return Root(image=base.image, digest=f"sha256:{more.digest}", python=base.python, binds=binds, env=env)


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


def image_root(profile: str, home: Path) -> Root | None:
    folder = debian.rootfs_path(debian.recipe(profile), home)
    if not folder.is_dir():
        return None
    binds = ["--ro-bind", str(folder), "/"]
    if profile in toolchain.TOOLCHAINS:
        tree = toolchain.path(profile, home, toolchain.image_target())
        if not tree.is_dir():
            return None
        binds += ["--ro-bind", str(tree), f"{OPT}/{profile}"]
    digest = f"sha256:{folder.name.rsplit('-', 1)[1]}"
    python = ("/usr/bin/python3",)
    return Root(image=f"rootfs:{images.image_ref(profile)}", digest=digest, python=python, binds=binds)

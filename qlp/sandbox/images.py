"""The sandbox images: made here, from Debian packages and pinned toolchains, and never pulled as a whole.

`build` makes `qlp/<profile>:<digest>`; the tag is the digest of everything that goes in, so that a present image is
right and not built again. The root comes from mmdebstrap where that is installed (no registry needed), else from the
`debian` image of a registry. Network only while packages are fetched; image build steps run without one.

    python -m qlp.sandbox.images build [PROFILE ...]
    python -m qlp.sandbox.images ref python          (the tag to give to an image built from cluster/images)
    python -m qlp.sandbox.images rootfs python       (the same file system unpacked, for bubblewrap)
"""

from __future__ import annotations

import argparse
import asyncio
import io
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qlp.config import Settings
from qlp.errors import SandboxUnavailableError
from qlp.sandbox import debian, engine, toolchain
from qlp.sandbox.profiles import DEFAULT_PROFILES, IMAGE_PROFILES, OPT, added, image_profile

if TYPE_CHECKING:
    from docker import DockerClient


def image_ref(profile: str, home: Path | None = None) -> str:
    """`qlp/python:1a2b...`: another recipe or another pin gives another tag.

    Raises SandboxUnavailableError for an added profile that was not built for an engine.
    """
    if profile not in IMAGE_PROFILES:
        more = added(profile, home)
        if more is None:
            return image_ref(image_profile(profile, home))
        if not more.image:
            raise SandboxUnavailableError(
                f"profile {profile} was added without a container engine: add it again with `qlp sandbox image add`"
            )
        return more.image
    packaged = toolchain.pins_digest(profile) if profile in toolchain.TOOLCHAINS else ""
    return f"qlp/{profile}:{debian.digest(debian.recipe(profile).text, packaged, _dockerfile(profile, 'base'))}"


def _root_ref(root: debian.RootRecipe) -> str:
    """The image below the toolchain: shared by profiles with the same packages."""
    return f"qlp/root:{root.digest}"


def _dockerfile(profile: str, base: str) -> str:
    lines = [f"FROM {base}", f"LABEL qlp.profile={profile}"]
    if profile in toolchain.TOOLCHAINS:
        lines.append(f"COPY tree {OPT}/{profile}")
    if profile in ("python", "analysis") and toolchain.image_target().cross:
        tree = f"{OPT}/{profile}"
        lines.append(f"RUN {tree}/bin/python3 -m compileall -q --invalidation-mode unchecked-hash {tree}/lib")
    return "\n".join(lines) + "\n"


def present(client: DockerClient, profile: str, home: Path | None = None) -> bool:
    return bool(client.api.images(name=image_ref(profile, home), quiet=True))


def image_machine(attrs: Mapping[str, Any]) -> str:
    """`uname -m` of what an image was built for; empty if it does not say."""
    names = {"amd64": "x86_64", "arm64": "aarch64"}
    return names.get(str(attrs.get("Architecture") or ""), str(attrs.get("Architecture") or ""))


async def build(
    profiles: Sequence[str], home: Path, client: DockerClient, *, force: bool = False, unpack: Sequence[str] = ()
) -> dict[str, str]:
    """Build what is missing and return the references. Safe to call from several processes at once.

    The root file systems of the profiles `unpack` are unpacked for bubblewrap on the way. Raises
    SandboxUnavailableError with the output of the failing step.
    """
    wanted = [p for p in profiles if force or not await asyncio.to_thread(present, client, p)]
    (home / "run").mkdir(parents=True, exist_ok=True)
    unpacked = {debian.recipe(p).digest for p in unpack}
    roots = {root.digest: root for root in map(debian.recipe, (*wanted, *unpack))}
    trees = [p for p in wanted if p in toolchain.TOOLCHAINS]
    async with asyncio.TaskGroup() as group:
        for root in roots.values():
            group.create_task(asyncio.to_thread(_ensure_root, client, home, root, root.digest in unpacked))
        made = [group.create_task(toolchain.ensure(p, home, target=toolchain.image_target())) for p in trees]
    folders = {p: task.result() for p, task in zip(trees, made, strict=True)}
    await asyncio.gather(*(asyncio.to_thread(_ensure_image, client, home, p, folders.get(p)) for p in wanted))
    return {p: image_ref(p) for p in profiles}


def _ensure_root(client: DockerClient, home: Path, root: debian.RootRecipe, unpack: bool) -> None:
    reference = _root_ref(root)
    with toolchain.locked(home / "run" / f"image-{root.digest}.lock"):
        there = bool(client.api.images(name=reference, quiet=True))
        unpacked = debian.rootfs_path(root, home).is_dir() or not unpack
        if there and unpacked:
            return
        if not shutil.which("mmdebstrap"):
            if not there:
                _build_root(client, root)
            return
        with tempfile.TemporaryDirectory(prefix="qlp-root-") as scratch:
            tar = Path(scratch) / "root.tar"
            debian.make_root(root, tar)
            if not there:
                repository, tag = reference.split(":")
                client.api.import_image_from_file(str(tar), repository=repository, tag=tag, changes=[debian.ENV])
            if not unpacked:
                debian.ensure_rootfs(root, home, tar=tar)


def _build_root(client: DockerClient, root: debian.RootRecipe) -> None:
    """From a registry's Debian, where there is no mmdebstrap."""
    dockerfile = (
        f"FROM debian:{debian.SUITE}-slim\n{debian.ENV}\nCOPY finish.sh {debian.FINISH}\n"
        f"RUN mkdir -p /usr/share/man/man1 && apt-get update"
        f" && apt-get install -y --no-install-recommends {' '.join(root.packages)}"
        f" && sh -e {debian.FINISH} && rm {debian.FINISH}\n"
    )
    docker_build(client, dockerfile, _root_ref(root), {"finish.sh": root.finish.encode()}, network=None)


def _ensure_image(client: DockerClient, home: Path, profile: str, tree: Path | None) -> None:
    reference = image_ref(profile)
    with toolchain.locked(home / "run" / f"image-{reference.rsplit(':', 1)[1]}.lock"):
        if not present(client, profile):
            dockerfile = _dockerfile(profile, _root_ref(debian.recipe(profile)))
            docker_build(client, dockerfile, reference, {"tree": tree} if tree else {})


def docker_build(
    client: DockerClient,
    dockerfile: str,
    tag: str,
    context: Mapping[str, bytes | Path],
    *,
    network: str | None = "none",
) -> None:
    """One image from a Dockerfile and what it copies. Blocking. Raises SandboxUnavailableError with the log's end."""

    def owned_by_root(item: tarfile.TarInfo) -> tarfile.TarInfo:
        item.uid = item.gid = 0
        item.uname = item.gname = "root"
        return item

    with tempfile.TemporaryFile() as archive:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, what in {"Dockerfile": dockerfile.encode(), **context}.items():
                if isinstance(what, Path):
                    tar.add(what.resolve(), name, filter=owned_by_root)
                else:
                    entry = tarfile.TarInfo(name)
                    entry.size = len(what)
                    tar.addfile(entry, io.BytesIO(what))
        archive.seek(0)
        log: list[str] = []
        for line in client.api.build(
            fileobj=archive, custom_context=True, tag=tag, network_mode=network, rm=True, forcerm=True, decode=True,
            timeout=debian.BUILD_TIMEOUT_S,
        ):  # fmt: skip
            log.append(str(line.get("stream", "")))
            if "error" in line:
                raise SandboxUnavailableError(f"building {tag} failed: {line['error']}\n{''.join(log)[-2000:]}")


async def build_rootfs(profile: str, home: Path) -> Path:
    """The image's file system unpacked, for bubblewrap: the same programs without a container engine.

    Raises SandboxUnavailableError; needs mmdebstrap.
    """
    if profile in toolchain.TOOLCHAINS:
        await toolchain.ensure(profile, home, target=toolchain.image_target())
    return await asyncio.to_thread(debian.ensure_rootfs, debian.recipe(profile), home)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m qlp.sandbox.images", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build_parser = commands.add_parser("build", help="build the images that are missing")
    build_parser.add_argument(
        "profiles",
        nargs="*",
        metavar="PROFILE",
        help=f"of {', '.join(IMAGE_PROFILES)}; default {', '.join(DEFAULT_PROFILES)}",
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
        client = engine.connect(engine.engine_url(settings.sandbox, settings.home), timeout_s=debian.BUILD_TIMEOUT_S)
        built = asyncio.run(build(options.profiles or DEFAULT_PROFILES, settings.home, client, force=options.force))
    except* SandboxUnavailableError as group:
        built = {}
        for error in group.exceptions:
            sys.stderr.write(f"{error}\n")
    if not built:
        return 1
    for reference in built.values():
        sys.stdout.write(f"{reference}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Any image as a profile: a Python of ours is put in at /opt/qlp/runner, with its libraries and its own loader.

It is started through that loader (profiles.py), so the image needs no Python, no shell and no particular libc. It runs
process 1 only; programs of the image see their own libraries, since nothing of this is in their environment.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from qlp.errors import InputError, SandboxUnavailableError
from qlp.sandbox import debian, images, toolchain
from qlp.sandbox.profiles import RUNNER, AddedProfile

if TYPE_CHECKING:
    from docker import DockerClient

_LAYOUT = "1"
_COLLECT = r"""
import base64, io, os, re, subprocess, sys, tarfile
version = "python%d.%d" % sys.version_info[:2]
binary = os.path.realpath("/usr/bin/python3")
unused = "test|tests|idlelib|tkinter|turtledemo|lib2to3|ensurepip|pydoc_data|config-.*|__pycache__"
skip = re.compile("(^|/)(%s)(/|$)" % unused)
modules = os.path.join("/usr/lib", version, "lib-dynload")
wanted = ("_ctypes", "_posixshmem", "_json", "_socket", "zlib", "mmap", "resource", "select", "fcntl", "termios")
loaded = [binary] + [os.path.join(modules, n) for n in os.listdir(modules) if n.split(".")[0] in wanted]
libraries = set()
for file in loaded:
    told = subprocess.run(["ldd", file], capture_output=True, text=True).stdout
    libraries.update(re.findall(r"(/\S+)", told))
collected = io.BytesIO()
with tarfile.open(fileobj=collected, mode="w:gz", dereference=True) as tar:
    tar.add(binary, "bin/python3")
    tar.add(os.path.join("/usr/lib", version), "lib/" + version, filter=lambda i: None if skip.search(i.name) else i)
    for path in sorted(libraries):
        loader = os.path.basename(path).startswith("ld-")
        tar.add(os.path.realpath(path), "ld.so" if loader else "lib/" + os.path.basename(path))
print(base64.b64encode(collected.getvalue()).decode())
"""


def derive(client: DockerClient, image: str, name: str, home: Path, bubblewrap: bool) -> AddedProfile:
    """The derived image, and its files for bubblewrap. Blocking. Raises InputError, SandboxUnavailableError."""
    from docker.errors import APIError, ImageNotFound

    try:
        found = client.images.get(image)
    except ImageNotFound as error:
        raise InputError(f"the engine has no image {image!r}; pull or import it first") from error
    except APIError as error:
        raise InputError(f"{image!r} is no image: {error.explanation}") from error
    machine = images.image_machine(found.attrs)
    if machine and machine != toolchain.image_target().machine:
        raise InputError(f"{image!r} is for {machine}, and this machine is {toolchain.image_target().machine}")
    runtime = _runtime(client, home)
    digest = hashlib.sha256(f"{found.id} {runtime.name} {_LAYOUT}".encode()).hexdigest()
    reference = f"qlp/added-{name}:{digest[:12]}"
    dockerfile = f"FROM {found.id}\nLABEL qlp.profile={name}\nCOPY runner {RUNNER}\n"
    images.docker_build(client, dockerfile, reference, {"runner": runtime})
    given = dict(line.split("=", 1) for line in found.attrs["Config"].get("Env") or () if "=" in line)
    path = given.pop("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    tree = _unpack(client, reference, name, digest, home) if bubblewrap else None
    return AddedProfile(
        name=name,
        kind="image",
        source=image,
        digest=digest,
        image=reference,
        tree=str(tree.relative_to(home)) if tree else "",
        path=path,
        env=given,
    )


def _runtime(client: DockerClient, home: Path) -> Path:
    """The folder that becomes /opt/qlp/runner, out of the Python image; made once."""
    from docker.errors import DockerException

    base = images.image_ref("python")
    key = debian.digest(base, _COLLECT, _LAYOUT)
    place = home / "toolchain" / f"runner-{key}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with toolchain.locked(place.parent / f".{place.name}.lock"):
        if place.is_dir():
            return place
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".runner-") as scratch:
            tar, tree = Path(scratch) / "runner.tar.gz", Path(scratch) / "tree"
            try:
                collected = client.containers.run(
                    base, ["/usr/bin/python3", "-I", "-c", _COLLECT], remove=True, network_mode="none", stderr=False
                )
            except DockerException as error:
                raise SandboxUnavailableError(f"collecting the runner's Python failed: {error}") from error
            tar.write_bytes(base64.b64decode(collected))  # base64, since engines keep output as text
            _untar(tar, tree)
            tree.rename(place)
    return place


def _unpack(client: DockerClient, reference: str, name: str, digest: str, home: Path) -> Path:
    """The derived image's file system, for bubblewrap."""
    place = home / "rootfs" / f"added-{name}-{digest[:12]}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with toolchain.locked(place.parent / f".{place.name}.lock"):
        if place.is_dir():
            return place
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".added-") as scratch:
            tar, tree = Path(scratch) / "root.tar", Path(scratch) / "tree"
            container = client.api.create_container(reference, ["/none"], network_disabled=True)["Id"]
            try:
                with tar.open("wb") as file:
                    for piece in client.api.export(container):
                        file.write(piece)
            finally:
                client.api.remove_container(container, force=True)
            _untar(tar, tree)
            debian.mount_points(tree, bare=True)
            tree.rename(place)
    return place


def _untar(tar: Path, tree: Path) -> None:
    tree.mkdir()
    argv = ["tar", "-xf", str(tar), "-C", str(tree), "--exclude=./dev/*", "--exclude=dev/*", "--no-same-owner"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SandboxUnavailableError(f"unpacking failed:\n{done.stderr[-2000:]}")

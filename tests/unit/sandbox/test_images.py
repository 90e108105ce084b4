"""Recipes of the images: the Dockerfiles and the builds without a registry hold the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qlp.sandbox import debian, images
from qlp.sandbox.profiles import IMAGE_PROFILES

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).parents[3] / "cluster" / "images"
DOCKERFILES = {"python": "python", "node": "node", "go": "go", "java": "poly"}


def installed(dockerfile: str) -> set[str]:
    """Packages of the last stage, without the one that only makes the virtual environment."""
    stage = dockerfile.rsplit("\nFROM ", 1)[-1].replace("\\\n", " ")
    packages: set[str] = set()
    for match in re.finditer(r"apt-get install -y --no-install-recommends ([^&\n]+)", stage):
        packages |= set(match.group(1).split())
    return packages - {"python3-venv"}


@pytest.mark.parametrize("profile", DOCKERFILES)
def test_a_dockerfile_installs_what_the_build_without_a_registry_does(profile: str) -> None:
    text = (FOLDER / f"{DOCKERFILES[profile]}.Dockerfile").read_text("utf-8")
    assert installed(text) == set(debian.recipe(profile).packages)


def test_every_profile_has_a_dockerfile() -> None:
    roots = {debian.recipe(profile).name for profile in IMAGE_PROFILES}
    assert roots == {debian.recipe(profile).name for profile in DOCKERFILES}


def test_one_root_serves_several_profiles_under_their_own_names() -> None:
    poly = [p for p in IMAGE_PROFILES if debian.recipe(p).name == "poly"]
    assert poly == ["java", "rust", "c", "scripts", "mono"]
    assert len({images.image_ref(p) for p in poly}) == 5
    assert len({debian.recipe(p).digest for p in poly}) == 1


def test_the_finish_script_cleans_up_after_itself() -> None:
    lines = debian.recipe("c").finish.splitlines()
    last = "\n".join(lines[-3:])
    assert "rm -rf /tmp/pch /tmp/jsa" in last


def test_mount_points_never_leave_the_tree(tmp_path: Path) -> None:
    """An image may link /run or /tmp to anywhere; on this machine such a link is not followed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("run", "tmp", "workspace"):
        (tree / name).symlink_to(outside)
    debian.mount_points(tree, bare=True)
    assert not list(outside.iterdir())
    assert (tree / "run/qlp/oom").is_file()
    assert all((tree / name).is_dir() and not (tree / name).is_symlink() for name in ("run", "tmp", "workspace"))

import json
from pathlib import Path

import pytest

from qlp.errors import SandboxUnavailableError
from qlp.sandbox import Limits
from qlp.sandbox.container import create_options
from qlp.sandbox.podman import adapted, is_podman, write_seccomp

pytestmark = pytest.mark.unit


def test_podman_is_told_by_its_components() -> None:
    assert is_podman({"Components": [{"Name": "Podman Engine"}, {"Name": "OCI Runtime (runc)"}]})
    assert not is_podman({"Components": [{"Name": "Engine"}, {"Name": "containerd"}]})
    assert not is_podman({"Version": "20.10"})


def test_what_podman_does_not_take_is_said_its_way() -> None:
    options = create_options("image", {}, Limits(), runtime=None)
    changed = adapted(options, "/run/profile.json")
    security = changed["HostConfig"]["SecurityOpt"]
    assert "seccomp=/run/profile.json" in security
    assert len(security) == len(options["HostConfig"]["SecurityOpt"])
    for mount in changed["HostConfig"]["Tmpfs"].values():
        assert "mode=1777" in mount
        assert "size=" in mount
        assert "nosuid" in mount
        assert "uid=" not in mount.replace("nosuid", "")
    untouched = {k: v for k, v in options["HostConfig"].items() if k not in ("SecurityOpt", "Tmpfs", "Ulimits")}
    assert untouched.items() <= changed["HostConfig"].items()


def test_the_profile_is_a_file_that_is_whole(tmp_path: Path) -> None:
    file = write_seccomp(tmp_path)
    assert json.loads(file.read_text())["defaultAction"] == "SCMP_ACT_ERRNO"
    assert write_seccomp(tmp_path) == file
    assert [f.name for f in file.parent.iterdir()] == [file.name]
    (tmp_path / "blocked").touch()
    with pytest.raises(SandboxUnavailableError, match="Podman"):
        write_seccomp(tmp_path / "blocked")

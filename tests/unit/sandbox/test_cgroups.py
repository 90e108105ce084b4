from pathlib import Path

import pytest

from qlp.sandbox import Limits, cgroups

pytestmark = pytest.mark.unit

LIMITS = Limits(memory_mb=100, pids=7, cpus=1.5)


def proc(tmp_path: Path, own: str, mounts: str) -> Path:
    folder = tmp_path / "proc"
    folder.mkdir()
    (folder / "cgroup").write_text(own)
    (folder / "mountinfo").write_text(mounts)
    return folder


def test_version_1_is_found_below_our_own_group(tmp_path: Path) -> None:
    memory, pids = tmp_path / "memory", tmp_path / "pids"
    (memory / "svc/me").mkdir(parents=True)
    pids.mkdir()
    found = cgroups.hierarchies(
        proc(
            tmp_path,
            "4:memory:/svc/me\n3:pids:/\n2:cpuset:/\n0::/\n",
            f"30 20 0:26 / {memory} rw - cgroup cgroup rw,memory\n31 20 0:27 / {pids} rw - cgroup cgroup rw,pids\n"
            f"32 20 0:28 / {tmp_path}/x rw - cgroup cgroup rw,cpuset\n33 20 0:29 / /x rw - cgroup2 cgroup2 rw\n",
        )
    )
    assert [(h.controllers, h.parents[0], h.version) for h in found] == [
        (frozenset({"memory"}), memory / "svc/me", 1),
        (frozenset({"pids"}), pids, 1),
    ]
    group = cgroups.create("home.owner", LIMITS, found)
    assert group.memory
    assert group.pids
    folder = group.folders[0]
    assert (folder / "memory.limit_in_bytes").read_text() == str(100 * 1024 * 1024)
    assert (group.folders[1] / "pids.max").read_text() == "7"
    assert group.oom_file == folder / "memory.oom_control"
    assert {owner for owner, _ in cgroups.leftovers(found)} == {"home.owner"}


def test_version_2_goes_up_to_a_group_that_delegates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path / "unified"
    own = top / "user.slice/me.scope"
    own.mkdir(parents=True)
    (top / "cgroup.controllers").write_text("cpuset cpu io memory pids")
    found = cgroups.hierarchies(
        proc(tmp_path, "0::/user.slice/me.scope\n", f"33 20 0:29 / {top} rw - cgroup2 cgroup2 rw\n")
    )
    assert found[0].parents == (own, top / "user.slice", top)
    real = cgroups._limit_v2

    def only_in_slice(folder: Path, controllers: frozenset[str], limits: Limits) -> set[str]:
        if folder.parent != top / "user.slice":
            raise FileNotFoundError("no memory.max: not delegated")
        return real(folder, controllers, limits)

    monkeypatch.setattr(cgroups, "_limit_v2", only_in_slice)
    group = cgroups.create("home.owner", LIMITS, found)
    assert group.folders[0].parent == top / "user.slice"
    assert not list(own.glob("qlp-*"))
    assert (group.folders[0] / "memory.max").read_text() == str(100 * 1024 * 1024)
    assert (group.folders[0] / "cpu.max").read_text() == "150000 100000"
    assert group.oom_file == group.folders[0] / "memory.events"


def test_without_a_hierarchy_nothing_is_claimed() -> None:
    group = cgroups.create("home.owner", LIMITS, [])
    assert (group.memory, group.pids, group.oom_file, group.join_files) == (False, False, None, ())
    group.destroy()

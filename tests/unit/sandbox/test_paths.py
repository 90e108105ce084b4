import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qlp.sandbox.inside import paths

pytestmark = pytest.mark.unit


@given(st.lists(st.sampled_from(["a", "b c", "..", ".", "", "ü", "\0", "x" * 256]), min_size=1, max_size=5))
def test_what_is_accepted_stays_below_the_root(parts: list[str]) -> None:
    path = "/".join(parts)
    try:
        kept = paths.split(path)
    except paths.PathError:
        return
    assert os.path.normpath(os.path.join("/root", *kept)).startswith("/root/")
    assert os.path.normpath(path) == "/".join(kept)


def test_a_file_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    root = tmp_path / "root"
    root.mkdir()
    (root / "soft").symlink_to(outside)
    os.link(outside, root / "hard")
    for name in ("soft", "hard"):
        paths.write(str(root), name, b"new", False)
        assert paths.read(str(root), name, 10) == b"new"
    assert outside.read_bytes() == b"precious"


def test_folders_on_the_way_may_not_be_links(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(paths.PathError):
        paths.write(str(root), "link/x", b"", False)
    with pytest.raises(FileNotFoundError):
        paths.read(str(root), "link/x", 1)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_modes(tmp_path: Path) -> None:
    paths.write(str(tmp_path), "bin/tool", b"", True)
    paths.write(str(tmp_path), "data", b"", False)
    assert (tmp_path / "bin/tool").stat().st_mode & 0o111
    assert not (tmp_path / "data").stat().st_mode & 0o111

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qlp.config import RunSettings
from qlp.errors import InputError, QLPError, RequestTooLargeError
from qlp.models import Request
from qlp.pipeline.admit import admit, check_path

pytestmark = pytest.mark.unit
SETTINGS = RunSettings()


@pytest.mark.parametrize("text", ["", "   \n\t ", "\x00\x01\x02\x03\x04\x05binary", "!!! ???", "12345 67890"])
def test_what_is_no_request_is_refused_with_advice(text: str) -> None:
    with pytest.raises(InputError, match=r"say in|plain language|words"):
        admit(Request(text=text), SETTINGS)


def test_a_megabyte_is_refused_with_the_limit() -> None:
    with pytest.raises(RequestTooLargeError) as caught:
        admit(Request(text="build " * 200_000), SETTINGS)
    assert caught.value.extra["limit"] == SETTINGS.max_request_chars


@given(st.text(max_size=300))
def test_any_text_is_admitted_clean_or_refused_with_a_type(text: str) -> None:
    try:
        admitted = admit(Request(text=text), SETTINGS)
    except QLPError:
        return
    assert admitted.text
    assert admitted.text == admitted.text.strip()
    assert not any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in admitted.text)


@pytest.mark.parametrize(
    "path", ["../x.py", "/etc/passwd", "a/../../b", "a\\b.py", "", "a//b", "C:x", "x\n.py", "~/.ssh/k"]
)
def test_test_files_cannot_leave_the_project(path: str) -> None:
    with pytest.raises(InputError):
        check_path(path)


@pytest.mark.parametrize("path", ["test_a.py", "tests/test_ü.py", "a b/c-d_e.test.mjs"])
def test_ordinary_paths_are_fine(path: str) -> None:
    check_path(path)


HOUSE = 'name = "house"\n[stages.syntax]\nrequired = "always"\n'


def test_a_request_names_a_policy_that_there_is(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "house.toml").write_text(HOUSE)
    for name in ("critical", "house"):
        assert admit(Request(text="an app", policy=name), SETTINGS, home=tmp_path).policy == name


@pytest.mark.parametrize("name", ["nosuch", "", "../x", "/etc/passwd", "x.toml", "policies/house.toml"])
def test_a_request_points_at_no_file_and_invents_no_policy(tmp_path: Path, name: str) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "house.toml").write_text(HOUSE)
    with pytest.raises(InputError, match="policy"):
        admit(Request(text="an app", policy=name), SETTINGS, home=tmp_path)

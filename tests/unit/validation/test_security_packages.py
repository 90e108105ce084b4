"""Names of dependencies: lists, near misses, manifests."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from qlp.validation.security.archive import build, operator_lists
from qlp.validation.security.inside.dependencies import go_imports, python_imports
from qlp.validation.security.inside.manifests import reader_of
from qlp.validation.security.inside.packages import Lists, distance, normal

pytestmark = pytest.mark.unit

LISTS = Lists(files("qlp.validation.security").joinpath("data", "packages"))


@pytest.mark.parametrize(
    ("ecosystem", "least"),
    [("pypi", 500), ("npm", 500), ("go", 100), ("crates", 100), ("gems", 100), ("composer", 100), ("maven", 100)],
)
def test_the_lists_are_long_and_hold_no_name_twice(ecosystem: str, least: int) -> None:
    assert len(LISTS.names[ecosystem]) >= least


@pytest.mark.parametrize(
    ("ecosystem", "name"),
    [
        ("pypi", "Scikit_Learn"),
        ("pypi", "ruamel.yaml"),
        ("npm", "@types/left-pad"),
        ("go", "github.com/jackc/pgx/v5"),
        ("go", "golang.org/x/crypto/bcrypt"),
        ("crates", "serde-json"),
        ("maven", "org.springframework.boot"),
    ],
)
def test_names_are_compared_as_their_registry_does(ecosystem: str, name: str) -> None:
    assert LISTS.knows(ecosystem, name)


@pytest.mark.parametrize(
    ("ecosystem", "name", "near"),
    [
        ("pypi", "reqeusts", "requests"),
        ("pypi", "djnago", "django"),
        ("pypi", "beautifulsop4", "beautifulsoup4"),
        ("pypi", "python_dateutils", "python-dateutil"),
        ("npm", "expresss", "express"),
        ("npm", "loadash", "lodash"),
        ("gems", "nokogri", "nokogiri"),
        ("crates", "serdee", "serde"),
        ("pypi", "quantum-layer-thing", None),
        ("pypi", "abc", None),
    ],
)
def test_a_near_miss_proposes_the_name(ecosystem: str, name: str, near: str | None) -> None:
    assert LISTS.near(ecosystem, name) == near


def test_distance_counts_a_swap_as_one_edit() -> None:
    assert distance("requests", "reqeusts", 2) == 1
    assert distance("flask", "flask", 2) == 0
    assert distance("flask", "django", 2) == 3
    assert normal("pypi", "A_b.C--d") == "a-b-c-d"


MANIFESTS = {
    "requirements-dev.txt": ("a==1\nB_c[x]>=2 ; python_version > '3'\n# d\n-r other.txt\n./local\ngit+https://x/y\nz @ https://h/z.whl\n", ["a", "B_c", "z"]),
    "pyproject.toml": (
        '[project]\nname = "me"\ndependencies = ["a>=1", "me[x]"]\n[project.optional-dependencies]\nx = ["b"]\n'
        '[dependency-groups]\ndev = ["c", {include-group = "x"}]\n[tool.poetry.dependencies]\npython = "^3"\nd = "1"\n',
        ["a", "b", "c", "d"],
    ),
    "package.json": ('{"dependencies": {"a": "1", "b": "file:../b"}, "devDependencies": {"@s/c": "^2"}}', ["a", "@s/c"]),
    "go.mod": ("module m\nrequire github.com/a/b v1.0.0\nrequire (\n\tc.org/d v2.0.0 // indirect\n\te.org/f/v3 v3.1.0\n)\n", ["github.com/a/b", "e.org/f/v3"]),
    "Cargo.toml": ('[dependencies]\na = "1"\nb = { version = "1", package = "c" }\nd = { path = "../d" }\n', ["a", "c"]),
    "Gemfile": ("source 'https://rubygems.org'\ngem 'a', '~> 1'\n# gem 'b'\ngem \"c\", path: '.'\n", ["a"]),
    "composer.json": ('{"require": {"php": ">=8", "ext-json": "*", "a/b": "^1"}}', ["a/b"]),
    "pom.xml": ("<project><dependencies><dependency><groupId>a.b</groupId></dependency></dependencies></project>", ["a.b"]),
    "build.gradle.kts": ('implementation("a.b:c:1.0")\n// implementation("d.e:f:1")\n', ["a.b"]),
}  # fmt: skip


@pytest.mark.parametrize("path", MANIFESTS)
def test_manifests_are_read(path: str) -> None:
    text, names = MANIFESTS[path]
    reader = reader_of("sub/" + path)
    assert reader is not None
    assert [name for name, _ in reader[1](text)] == names


def test_imports_are_read_from_the_syntax_not_from_words() -> None:
    python = '"""import os.x"""\n# import a\nimport b.c\nfrom d import e\nfrom . import f\nS = "import g"\n'
    assert list(python_imports(python)) == [("b.c", 3), ("d", 4)]
    go = 'package m\n\nimport (\n\tx "a.org/b"\n\t_ "c"\n)\n\nconst s = `\nimport "d.org/e"\n`\n'
    assert list(go_imports(go)) == [("a.org/b", 4), ("c", 5)]


def test_an_operators_list_is_packed_and_read(tmp_path: Path) -> None:
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "pypi.txt").write_text("# ours\nour-own-thing\n")
    more = operator_lists(tmp_path)
    assert more == {"packages/own-pypi.txt": b"# ours\nour-own-thing\n"}
    assert build(more) != build()
    assert build() == build(), "the archive is deterministic: its digest is part of the evidence"
    assert Lists(folder).knows("pypi", "our_own_thing")

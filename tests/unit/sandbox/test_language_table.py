"""The table of languages, and what is found in a program's files."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest

from qlp.errors import InputError
from qlp.sandbox.languages import language_names, main_file, program_job
from qlp.sandbox.profiles import IMAGE_PROFILES, image_profile, languages
from qlp.sandbox.recipes import RECIPES

pytestmark = pytest.mark.unit

SANDBOX_FUSION = [
    "python",
    "cpp",
    "nodejs",
    "go",
    "go_test",
    "java",
    "php",
    "csharp",
    "bash",
    "typescript",
    "sql",
    "rust",
    "lua",
    "perl",
    "ruby",
    "pytest",
    "junit",
]


def argv(language: str, files: dict[str, str], **options: object) -> list[tuple[str, ...]]:
    program = program_job(language, {k: v.encode() for k, v in files.items()}, **options)  # type: ignore[arg-type]
    return [command.argv for command in program.job.commands]


def test_each_profile_serves_its_languages() -> None:
    assert {recipe.profile for recipe in RECIPES} == set(IMAGE_PROFILES) - {"analysis"}
    for recipe in RECIPES:
        assert recipe.name in languages(recipe.profile)
        assert image_profile(recipe.name) == recipe.profile


def test_names_are_unique_and_mean_one_thing() -> None:
    names = [name for r in RECIPES for name in (r.name, *r.aliases, *r.test_aliases)]
    assert len(names) == len(set(names)) == len(language_names())
    assert set(SANDBOX_FUSION) <= set(names)
    assert main_file("CPP") == "main.cpp"


@pytest.mark.parametrize(
    "name", ["cuda", "kotlin_script", "scala", "julia", "R", "D_ut", "racket", "lean", "swift", ""]
)
def test_an_unknown_language_is_told_what_there_is(name: str) -> None:
    with pytest.raises(InputError, match=r"python.*rust.*sql"):
        program_job(name, {"main": b""})


@pytest.mark.parametrize("name", language_names())
def test_a_program_of_one_text_needs_nothing_but_its_name(name: str) -> None:
    program = program_job(name, {main_file(name): b"x"}, args=("one", "two"), stdin=b"in", run_s=2.0, compile_s=5.0)
    commands = program.job.commands
    assert len(commands) == 1 + program.compiles
    assert "one" in commands[-1].argv
    assert "{" not in "".join(part for command in commands for part in command.argv if "QLP_MEMORY_MB" not in part)
    assert commands[-1].stdin == b"in"
    assert commands[-1].wall_s == 2.0
    if program.compiles:
        assert commands[0].stdin == b""
        assert commands[0].wall_s == 5.0
        assert "one" not in commands[0].argv


def test_test_files_are_recognised_by_their_own_patterns() -> None:
    for recipe in RECIPES:
        if recipe.test_main and recipe.test_files:
            assert any(fnmatch.fnmatchcase(recipe.test_main, pattern) for pattern in recipe.test_files), recipe.name


def test_a_java_file_is_named_as_its_public_class_and_knows_its_package() -> None:
    text = "package a.b;\nimport x.Y;\npublic final class Foo {\n  public static void main(String[] s) {}\n}"
    program = program_job("java", {"Main.java": text.encode()})
    assert set(program.job.files) == {"Foo.java", ".qlp/.keep"}
    assert "a.b.Foo" in program.job.commands[1].argv
    nested = "class Helper {}\nclass Start { public static void main(String[] s) {} }\nclass After {}"
    assert "Start" in argv("java", {"Main.java": nested})[1]


def test_a_c_project_is_compiled_whole_but_for_tests_and_other_programs() -> None:
    files = {
        "main.c": "int main(void) {}", "lib/a.c": "", "other.c": "int main(int c, char **v) {}", "test_a.c": "", "a.h": ""
    }  # fmt: skip
    compiler = argv("c", files)[0]
    assert [part for part in compiler if part.endswith(".c")] == ["main.c", "lib/a.c"]
    compiler = argv("c", files, entry="other.c")[0]
    assert [part for part in compiler if part.endswith(".c")] == ["other.c", "lib/a.c"]


def test_go_builds_a_package_in_a_module_and_files_without_one() -> None:
    assert argv("go", {"main.go": "", "b.go": "", "a_test.go": ""})[0][-2:] == ("./b.go", "./main.go")
    module = {"go.mod": "module x\n", "cmd/app/main.go": "package main"}
    assert argv("go", module, entry="cmd/app/main.go")[0][-1] == "./cmd/app"


def test_flags_are_the_callers_if_given() -> None:
    assert "-std=gnu++17" in argv("c++", {"main.cpp": ""})[0]
    mine = argv("c++", {"main.cpp": ""}, env={"CXXFLAGS": "-g '-DX=a b'"})[0]
    assert mine[:3] == ("g++", "-g", "-DX=a b")
    with pytest.raises(InputError, match="CXXFLAGS"):
        argv("c++", {"main.cpp": ""}, env={"CXXFLAGS": "'open"})


def test_hidden_traps_of_names() -> None:
    assert argv("python", {"-c.py": ""}, entry="-c.py") == [("python3", "./-c.py")]
    assert argv("java", {"@x.java": "class A {}"})[0][-1] == "./@x.java"
    assert argv("sql", {"it's.sql": ""}, entry="it's.sql")[0][-1] == '.read "it\'s.sql"'
    with pytest.raises(InputError, match="line break"):
        argv("sql", {"a\n.shell id": ""}, entry="a\n.shell id")
    with pytest.raises(InputError, match=r"\.qlp"):
        program_job("c", {"main.c": b"", ".qlp/program": b""})


def test_an_entry_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"there is no main\.py among the files \(a\.py, b\.py\)"):
        program_job("python", {"a.py": b"", "b.py": b""})
    with pytest.raises(InputError, match=r"entry point 'c\.py'"):
        program_job("python", {"a.py": b""}, entry="c.py")
    assert argv("python", {"only.py": ""}) == [("python3", "only.py")]


def test_fork_mode_is_pythons() -> None:
    assert program_job("py", {"main.py": b""}, fork=True).job.fork
    with pytest.raises(InputError, match="fork"):
        program_job("ruby", {"main.rb": b""}, fork=True)


def test_any_image_and_command() -> None:
    program = program_job("my-image", {"a": b"1"}, command=("prog", "-x"), args=("y",), run_s=3.0)
    assert program.profile == "my-image"
    assert not program.compiles
    assert program.job.commands[0].argv == ("prog", "-x", "y")
    assert program_job("python", {}, command=("id",)).profile == "python"
    assert program_job("python", {"main.py": b""}, profile="with-numpy").profile == "with-numpy"


def test_the_page_tells_what_the_table_holds() -> None:
    """docs/languages.md is written by hand; its table is checked."""
    page = (Path(__file__).parents[3] / "docs" / "languages.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", page, re.M))
    for recipe in RECIPES:
        names = ", ".join(f"`{name}`" for name in (recipe.name, *recipe.aliases, *recipe.test_aliases))
        assert names in rows, f"docs/languages.md: a row that starts with | {names} |"
        assert rows[names] == f"`{recipe.profile}`", recipe.name
        assert f"`{recipe.main}`" in page

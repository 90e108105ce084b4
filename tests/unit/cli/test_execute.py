"""`qlp exec`: which files go where, what is run, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from qlp.cli.execute import Wishes, exit_status, make_job
from qlp.cli.main import app
from qlp.errors import InputError
from qlp.models.execution import CommandResult
from qlp.sandbox.execution import Content

pytestmark = pytest.mark.unit


def wishes(*files: Path, **more: Any) -> Wishes:
    plain: dict[str, Any] = {
        "files": files,
        "rest": (),
        "language": None,
        "entry": None,
        "stdin": None,
        "env": (),
        "fetch": (),
        "test": False,
        "profile": None,
        "runtime": None,
        "strict": False,
        "timeout": 5.0,
    }
    return Wishes(**{**plain, **more})  # type: ignore[typeddict-item]


@pytest.fixture(autouse=True)
def no_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", None)


def write(path: str, text: str = "", mode: int = 0o644) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


def test_one_file_runs_by_its_ending() -> None:
    job = make_job(wishes(write("deep/down/tool.rb", "puts 1"), rest=("a", "-b")))
    assert (job.language, job.entry, job.files, job.args) == ("ruby", "tool.rb", {"tool.rb": "puts 1"}, ("a", "-b"))


def test_files_and_folders_keep_their_places() -> None:
    main, lib = write("main.py", "1"), write("lib/a.py", "2")
    write("lib/__pycache__/a.pyc", "no")
    write("lib/data.bin").write_bytes(b"\xff")
    write("lib/run.sh", "x", 0o755)
    job = make_job(wishes(main, lib.parent))
    assert set(job.files) == {"main.py", "lib/a.py", "lib/data.bin", "lib/run.sh"}
    assert job.files["lib/data.bin"] == Content(base64="/w==")
    assert job.files["lib/run.sh"] == Content(text="x", executable=True)
    assert make_job(wishes(lib.parent, entry="a.py", language="python")).files.keys() == {"a.py", "data.bin", "run.sh"}


def test_the_first_named_file_is_run_unless_there_is_a_main() -> None:
    one, two = write("one.py"), write("two.py")
    assert make_job(wishes(two, one)).entry == "two.py"
    assert make_job(wishes(two, one, entry="one.py")).entry == "one.py"
    assert make_job(wishes(two, write("main.py"))).entry is None
    assert make_job(wishes(write("notes.txt"), two)).entry == "two.py"


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    write("project/main.py")
    Path("project/passwd").symlink_to("/etc/passwd")
    assert set(make_job(wishes(Path("project"))).files) == {"main.py"}


def test_a_command_in_a_profile() -> None:
    job = make_job(wishes(profile="data", rest=("sh", "-c", "ls")))
    assert (job.profile, job.command, job.language) == ("data", ("sh", "-c", "ls"), None)


def test_a_language_in_an_image_of_ones_own() -> None:
    job = make_job(wishes(write("a.py"), profile="data", language="python", rest=("x",)))
    assert (job.profile, job.language, job.args) == ("data", "python", ("x",))


def test_environment_input_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "secret")
    made = write("a.py")
    job = make_job(wishes(made, env=("A=b=c", "MINE"), stdin=write("in.txt", "é"), strict=True, runtime="runsc"))
    assert job.env == {"A": "b=c", "MINE": "secret"}
    assert (job.stdin, job.mode, job.runtime, job.limits.wall_s) == ("é", "strict", "runsc", 5.0)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"files": ()}, "name the files"),
        ({"files": (Path("gone.py"),)}, "after --"),
        ({"files": (Path("x.unknown"),)}, "--language"),
        ({"files": (Path("a.py"),), "language": "pyhton"}, "did you mean python"),
        ({"files": (Path("a.py"),), "stdin": Path("gone")}, "--stdin"),
        ({"files": (Path("a.py"),), "env": ("=x",)}, "variable"),
        ({"files": (Path("empty"),)}, "no files"),
    ],
)
def test_wrong_wishes(wish: dict[str, Any], said: str) -> None:
    write("a.py")
    write("x.unknown")
    Path("empty").mkdir()
    with pytest.raises(InputError, match=said):
        make_job(wishes(*wish.pop("files"), **wish))


def test_it_exits_as_the_program_did() -> None:
    def ended(**fields: Any) -> CommandResult:
        return CommandResult(stdout="", stderr="", wall_s=0, cpu_s=0, max_rss_bytes=0, **fields)

    assert exit_status(ended(exit_code=3)) == 3
    assert exit_status(ended(exit_code=None, signal=9)) == 137
    assert exit_status(ended(exit_code=None, signal=9, timed_out=True)) == 124


def test_two_dashes_divide_qlps_options_from_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def take(wishes: Wishes, out: Path, **options: Any) -> int:
        seen.append((wishes, out, options))
        return 7

    monkeypatch.setattr("qlp.cli.execute.execute_files", take)
    result = CliRunner().invoke(app, ["exec", "a.py", "lib", "--local", "-o", "to", "--", "--server", "x", "--", "y"])
    assert result.exit_code == 7
    ((asked, out, options),) = seen
    assert asked["files"] == [Path("a.py"), Path("lib")]
    assert asked["rest"] == ["--server", "x", "--", "y"]
    assert out == Path("to")
    assert options == {"server": False, "as_json": False}

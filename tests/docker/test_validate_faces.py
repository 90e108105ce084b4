"""The command line, the pre-commit hook and the GitHub Action, run as their users run them, over real tools."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from typer.testing import CliRunner

from qlp.cli.main import app
from qlp.config import SandboxSettings, home
from qlp.errors import SandboxUnavailableError
from qlp.sandbox import open_backend
from tests.support.git_http import git

pytestmark = pytest.mark.docker
ROOT = Path(__file__).resolve().parents[2]
GOOD = 'def add(a: int, b: int) -> int:\n    """Sum."""\n    return a + b\n'
TEST = "from calc import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n"


@pytest.fixture(scope="module", autouse=True)
async def _there_is_a_sandbox() -> None:
    try:
        await open_backend(SandboxSettings(), home())
    except SandboxUnavailableError as error:
        pytest.skip(error.detail)


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`qlp` and `python` on PATH, whatever environment runs the tests."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "qlp").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m qlp.cli "$@"\n')
    (folder / "qlp").chmod(0o755)
    (folder / "python").symlink_to(sys.executable)
    return folder


def run(argv: list[str], cwd: Path, bin_folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, "QLP_HOME": str(home()), "PYTHONPATH": str(ROOT), **env}
    told["PATH"] = f"{bin_folder}{os.pathsep}{told['PATH']}"
    return subprocess.run(argv, cwd=cwd, env=told, capture_output=True, text=True, timeout=180, check=False)


def project(folder: Path, code: str = GOOD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "calc.py").write_text(code)
    (folder / "test_calc.py").write_text(TEST)
    (folder / "logo.png").write_bytes(b"\x89PNG\xff")
    return folder


def test_the_command_line_verifies_fails_and_reports(tmp_path: Path, bin_folder: Path) -> None:
    project(tmp_path / "good")
    (tmp_path / "good" / "secrets.py").symlink_to("/etc/passwd")
    good = run(["qlp", "validate", "good", "--no-cache"], tmp_path, bin_folder)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "VERIFIED" in good.stdout
    assert "left out: secrets.py (a link)" in good.stderr

    project(tmp_path / "bad", "import os\n\n\ndef add(a: int, b: int) -> int:\n    return a - b\n")
    reports = ["--sarif", "out/o.sarif", "--junit", "out/o.xml"]
    bad = run(["qlp", "validate", "bad", *reports], tmp_path, bin_folder)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "FAILED" in bad.stdout
    assert "fix: " in bad.stdout
    document = json.loads((tmp_path / "out" / "o.sarif").read_text())
    places = [
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in document["runs"][0]["results"]
        for location in result.get("locations", ())
    ]
    assert places
    assert set(places) <= {"bad/calc.py", "bad/test_calc.py"}, "from the repository's root"
    assert int(ET.parse(tmp_path / "out" / "o.xml").getroot().get("failures", "0")) > 0

    part = run(["qlp", "validate", "good", "--stages", "types", "--json"], tmp_path, bin_folder)
    assert [s["stage"] for s in json.loads(part.stdout)["stages"]] == ["types"]


@pytest.mark.parametrize(
    "argv",
    [
        ["nowhere"],
        ["good", "--stages", "taste"],
        ["good", "--policy", "no-such"],
        ["good", "--language", "cobol"],
        ["good", "--command", "test"],
        ["good", "good"],
        [],
    ],
)
def test_usage_is_exit_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]) -> None:
    project(tmp_path / "good")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["validate", *argv])
    assert done.exit_code == 2, done.output


def test_the_pre_commit_hook_lets_good_files_pass_and_stops_bad_ones(tmp_path: Path, bin_folder: Path) -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    hook = hooks["qlp-validate"]
    assert hook["language"] == "python"
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    repository = project(tmp_path / "repository")
    (repository / "broken.py").write_text("def (:\n")
    git(repository, "init", "-q")
    git(repository, "add", ".")
    changed = git(repository, "diff", "--cached", "--name-only").splitlines()
    text = [name for name in changed if name.endswith(".py")]
    entry = shlex.split(hook["entry"])
    good = run([*entry, "calc.py", "test_calc.py"], repository, bin_folder)
    assert good.returncode == 0, good.stdout + good.stderr
    bad = run([*entry, *text], repository, bin_folder)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "broken.py:1" in bad.stdout
    assert hooks["qlp-validate-project"]["pass_filenames"] is False


def test_the_github_action_reports_and_ends_as_asked(tmp_path: Path, bin_folder: Path) -> None:
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    steps = action["runs"]["steps"]
    assert all("shell" in step for step in steps if "run" in step)
    assert all("uses" in step or "run" in step for step in steps)
    validate = next(step for step in steps if step.get("id") == "validate")
    for step in steps:
        assert "${{ inputs" not in step.get("run", ""), "inputs reach the shell as variables, never as text"
    project(tmp_path / "it's here")

    def act(**inputs: str) -> tuple[int, dict[str, str]]:
        given = {name.upper(): spec["default"] for name, spec in action["inputs"].items()} | inputs
        env = {f"INPUT_{name}": given[name] for name in ("PATH", "POLICY", "STAGES", "LANGUAGE", "FAIL")}
        output = tmp_path / "output"
        output.write_text("")
        done = run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", validate["run"]],
            tmp_path,
            bin_folder,
            **env,
            REPORTS=str(tmp_path / "reports"),
            GITHUB_OUTPUT=str(output),
        )
        said = dict(line.split("=", 1) for line in output.read_text().splitlines())
        assert Path(said["sarif"]).is_file() or said["verdict"] == "error", done.stderr
        return done.returncode, said

    code, said = act(PATH="it's here", STAGES="syntax,style")
    assert (code, said["verdict"]) == (0, "verified")
    (tmp_path / "it's here" / "calc.py").write_text("def (:\n")
    assert act(PATH="it's here", STAGES="syntax")[0] == 1
    code, said = act(PATH="it's here", STAGES="syntax", FAIL="never")
    assert (code, said["verdict"]) == (0, "failed")

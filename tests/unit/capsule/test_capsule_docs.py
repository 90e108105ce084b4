"""The commands of docs/capsule.md, run as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from qlp.capsule import Signer
from qlp.capsule.sign import public_pem

pytestmark = pytest.mark.unit
PAGE = Path(__file__).parents[3] / "docs" / "capsule.md"


@pytest.fixture
def blocks() -> list[str]:
    for tool in ("bash", "unzip", "jq", "sha256sum", "openssl"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture
def folder(tmp_path: Path, capsule_bytes: bytes, signer: Signer) -> Path:
    folder = tmp_path / "received"
    folder.mkdir()
    (folder / "capsule.zip").write_bytes(capsule_bytes)
    (folder / "signer.pub.pem").write_bytes(public_pem(signer.public_key))
    return folder


def shell(folder: Path, commands: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", "\n".join(commands)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_the_commands_accept_a_capsule(blocks: list[str], folder: Path, signer: Signer) -> None:
    assert len(blocks) == 5
    done = shell(folder, blocks)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Signature Verified Successfully" in done.stdout
    assert "verified: true" in done.stdout
    assert "tests passed  evidence/tests-1.json" in done.stdout
    assert "python3 -m pytest -> exit 0, pytest 8.4.2, qlp/python sha256:aaa" in done.stdout
    assert signer.key_id in done.stdout
    assert public_pem(signer.public_key).decode() in done.stdout


@pytest.mark.parametrize("tampering", ["echo >> project/run.sh", "touch project/extra", "rm evidence/tests-1.json"])
def test_the_commands_find_what_was_changed(blocks: list[str], folder: Path, tampering: str) -> None:
    done = shell(folder, [blocks[0], "cd capsule", tampering, "cd .."])
    assert done.returncode == 0, done.stderr
    assert shell(folder, [blocks[1]]).returncode != 0


def test_the_commands_find_a_changed_manifest_and_another_signer(blocks: list[str], folder: Path) -> None:
    assert shell(folder, [blocks[0], "sed -i s/bookshop/bookstop/ capsule/manifest.json"]).returncode == 0
    verify = blocks[0].splitlines()[-1]
    assert shell(folder, [verify]).returncode != 0
    (folder / "signer.pub.pem").write_bytes(public_pem(Signer.load(folder / "keys").public_key))
    shutil.rmtree(folder / "capsule")
    assert shell(folder, [blocks[0]]).returncode != 0

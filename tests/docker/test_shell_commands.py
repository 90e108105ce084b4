"""One command of the shell agent in a real sandbox: what it sees, and what of its changes comes back."""

from __future__ import annotations

import pytest

from qlp.agents.shell.collect import observe
from qlp.agents.shell.observed import Observed
from qlp.config import Settings
from qlp.models import SourceFile
from qlp.sandbox import SandboxBackend, limits_from, open_backend

pytestmark = pytest.mark.docker
FILES = {
    f.path: f
    for f in (
        SourceFile(path="a.py", content="A = 1\n"),
        SourceFile(path="old/b.py", content="B = 1\n"),
        SourceFile(path="run.sh", content="echo from a script\n", executable=True),
    )
}
CHANGES = """
set -o pipefail
echo 'A = 2' > a.py; rm -r old; mkdir -p new/deep; printf '\\x00\\xff' > new/deep/raw.bin
echo 'echo x' > tool.sh; chmod +x tool.sh
mkdir -p __pycache__ node_modules .git; touch __pycache__/x node_modules/y .git/z
ln -s /etc/passwd link; touch 'bad name'; head -c 600000 /dev/zero > big
./run.sh; echo to stderr >&2; exit 3
"""


async def command(text: str, wall_s: float = 30.0) -> Observed:
    settings = Settings()
    backend: SandboxBackend = await open_backend(settings.sandbox, settings.home)
    limits = limits_from(settings.sandbox)
    return await observe(backend, "python", limits, FILES, text, wall_s=wall_s, output_chars=1000)


async def test_what_a_command_changed_comes_back_and_nothing_else() -> None:
    seen = await command(CHANGES)
    assert (seen.exit_code, seen.timed_out) == (3, False)
    assert seen.output == "from a script\nto stderr"
    changed = {f.path: f for f in seen.changed}
    assert sorted(changed) == ["a.py", "new/deep/raw.bin", "tool.sh"]
    assert changed["a.py"].content == "A = 2\n"
    assert changed["new/deep/raw.bin"].data == b"\x00\xff"
    assert changed["tool.sh"].executable
    assert seen.deleted == ("old/b.py",)
    assert any("big: too large" in note for note in seen.notes)
    assert any("bad name" in note for note in seen.notes)
    assert seen.ended_at > 0


async def test_a_command_that_hangs_or_floods_is_an_observation() -> None:
    seen = await command("echo A = 3 > a.py; yes | head -c 30000000; sleep 60 & sleep 60", wall_s=2.0)
    assert seen.timed_out
    assert "killed" in seen.ending
    assert len(seen.output) < 1200
    assert "left out" in seen.output
    assert [f.content for f in seen.changed] == ["A = 3\n"], "what it wrote before is kept"

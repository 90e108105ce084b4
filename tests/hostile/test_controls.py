"""The same programs unconfined: what the sandbox refuses would have worked, so the refusal is the sandbox's doing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import signal
import sys
from pathlib import Path

import pytest

from tests.hostile.program import Program
from tests.hostile.programs import PROGRAMS
from tests.hostile.verdict import facts_of

pytestmark = pytest.mark.unit

_NEW = (
    "--user",
    "--map-root-user",
    "--mount",
    "--net",
    "--ipc",
    "--uts",
    "--pid",
    "--fork",
    "--mount-proc",
    "--kill-child",
)
# A root user of the machine shows more than one of a user namespace; without root those controls do not exist.
CONTROLS = [p for p in PROGRAMS if p.control == "namespaces" or (p.control == "root" and os.geteuid() == 0)]


def _bounded() -> None:
    """Whatever a program does unconfined, it neither fills the disk nor stays."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 24, 1 << 24))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))


@pytest.mark.parametrize("program", CONTROLS, ids=lambda p: p.id)
async def test_it_would_have_succeeded_outside(program: Program, tmp_path: Path, host_services: dict[str, str]) -> None:
    (tmp_path / program.file).write_bytes(program.text)
    argv = [sys.executable, program.file]
    if program.control == "namespaces":
        # A process 1 that is somebody else, as it is in a sandbox.
        argv = ["unshare", *_NEW, "sh", "-c", '"$@"; exit $?', "sh", *argv]
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=tmp_path,
        env={**os.environ, **host_services},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_bounded,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    facts = facts_of(out)
    for name in program.control_facts or program.expected.facts:
        blocked = program.expected.facts[name]
        assert name in facts, facts
        assert not re.fullmatch(blocked, facts[name]), f"{name}={facts[name]} outside too: the program proves nothing"

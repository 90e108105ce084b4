"""Every hostile program on every backend: its verdict, and a sandbox that is as it was afterwards."""

from __future__ import annotations

import pytest

from qlp.errors import SandboxError, SandboxUnavailableError
from qlp.sandbox import Command, ExecResult, Sandbox
from qlp.sandbox.protocol import Job
from tests.hostile.census import CLEAN, settled
from tests.hostile.conftest import Target
from tests.hostile.left import left_on_host
from tests.hostile.program import Mode, Program
from tests.hostile.programs import PROGRAMS
from tests.hostile.verdict import end_of, mismatches

HARMLESS = Job(commands=(Command(argv=("true",)),))


@pytest.mark.parametrize(("program", "mode"), [pytest.param(p, m, id=f"{p.id}-{m}") for p in PROGRAMS for m in p.modes])
async def test_it_is_survived(target: Target, program: Program, mode: Mode, host_services: dict[str, str]) -> None:
    if program.profile not in target.profiles:
        pytest.skip(f"the {program.profile} profile is not ready; run: qlp sandbox build {program.profile}")
    if not target.shares:
        await once(target, program, mode, host_services)
        return
    box, _ = await target.warm(program.profile, program.limits)
    if program.needs == "memory" and not box.isolation.memory_enforced:
        pytest.skip("no control group for memory here; Isolation.memory_enforced says so")
    if program.needs == "pids" and not box.isolation.pids_enforced:
        pytest.skip("no control group for processes here; Isolation.pids_enforced says so")
    expected = program.expected_in(target.name, mode)
    try:
        result = await attack(box, program, mode, host_services)
    except SandboxUnavailableError as error:
        await must_be_over(target, box, program, mode)
        if "lost" not in expected.ends:
            pytest.fail(f"the runner was lost: {error!r}")
        return
    wrong = mismatches(result, expected)
    if end_of(result) == "oom":
        await must_be_over(target, box, program, mode)
    else:
        await must_go_on(target, program, mode)
    assert not wrong, "\n".join(wrong)


async def once(target: Target, program: Program, mode: Mode, env: dict[str, str]) -> None:
    """In a sandbox of its own; the next one works, and nothing of the first is left on the host."""
    before = left_on_host(target.backend)
    async with target.open(program.profile, program.limits) as box:
        try:
            wrong = mismatches(await attack(box, program, mode, env), program.expected_in(target.name, mode))
        except SandboxUnavailableError as error:
            wrong = [] if "lost" in program.expected_in(target.name, mode).ends else [repr(error)]
    assert left_on_host(target.backend) == before
    async with target.open(program.profile, program.limits) as box:
        assert (await box.job(HARMLESS)).last.ok
    assert not wrong, "\n".join(wrong)


async def attack(box: Sandbox, program: Program, mode: Mode, env: dict[str, str]) -> ExecResult:
    command = program.command.model_copy(update={"env": env})
    if mode == "session":
        await box.put({program.file: program.text})
        return await box.run(command)
    job = program.job(fork=mode == "fork").model_copy(update={"commands": (command,)})
    return (await box.job(job)).last


async def must_go_on(target: Target, program: Program, mode: Mode) -> None:
    """The same sandbox serves, and everything in it is as it was when it was new."""
    box, before = await target.warm(program.profile, program.limits)
    try:
        if mode == "session":  # what a command of a session leaves in its session is the session's
            await box.run(CLEAN)
        left = await settled(box, before, fork=mode == "fork")
    except (SandboxError, AssertionError) as error:
        await target.lose(program.profile, program.limits)
        pytest.fail(f"the runner was lost: {error!r}")
    if left:
        await target.lose(program.profile, program.limits)
    assert not left, "\n".join(left)


async def must_be_over(target: Target, box: Sandbox, program: Program, mode: Mode) -> None:
    """The sandbox takes nothing more, and the next one works at once."""
    try:
        with pytest.raises(SandboxUnavailableError):
            await box.job(HARMLESS)
    finally:
        await target.lose(program.profile, program.limits)
    await must_go_on(target, program, mode)

"""What happens in one sandbox: a side group checks; the main group also installs, builds, tests and runs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from qlp.errors import InputError, SandboxError, SandboxUnavailableError
from qlp.models import Finding, Stage, at_least
from qlp.sandbox.protocol import Limits, SandboxBackend
from qlp.validation.board import Board
from qlp.validation.budget import Budget
from qlp.validation.check import Skip, StagePlan
from qlp.validation.checks import Room, run_checks
from qlp.validation.depth_stage import deepen
from qlp.validation.evidence import Recorder
from qlp.validation.groups import CHEAP, Group
from qlp.validation.identity import Tools
from qlp.validation.parts import Part
from qlp.validation.policy import Policy
from qlp.validation.project import Project
from qlp.validation.runtime_stage import run_project
from qlp.validation.setup import Setup, set_up

AT_ONCE = 4
"""Checks of different stages and toolchains that run at the same time in one sandbox."""


class Work:
    """One validation's groups. Each group holds at most one sandbox and never waits for another group while it does:
    places in the backend are few, so that who held one and waited for a second could wait for ever."""

    def __init__(
        self,
        project: Project,
        digest: str,
        policy: Policy,
        board: Board,
        backend: SandboxBackend,
        limits: Limits,
        tools: Tools,
        *,
        tenant: str,
    ) -> None:
        self._project = project
        self._digest = digest
        self._policy = policy
        self._board = board
        self._backend = backend
        self._limits = limits
        self._tools = tools
        self._tenant = tenant
        self._budget = Budget(policy)

    async def run(self, groups: tuple[Group, ...]) -> None:
        """Raises what the main group raises; then no sandbox of any group is left."""
        for group in groups:
            if not group.works:
                await self._excuse(group)
        tasks = [asyncio.create_task(self._group(g), name=f"validate.{g.profile}") for g in groups if g.works]
        try:
            for done in asyncio.as_completed(tasks):
                await done
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _group(self, group: Group) -> None:
        try:
            async with self._backend.open(group.profile, self._limits, tenant=self._tenant) as sandbox:
                self._budget.begin()
                self._tools.opened(group.profile, sandbox.isolation)
                files = {f.path: f.data for f in self._project.files} | group.support
                await sandbox.put(files, executable=frozenset(f.path for f in self._project.files if f.executable))
                versions = await self._tools.versions(sandbox, group)
                label = "" if group.main else group.profile
                recorder = Recorder(self._digest, sandbox.isolation, versions, label=label)
                room = Room(sandbox, recorder, self._budget, self._limits)
                await (self._main(room, group) if group.main else self._cheap(room, group))
        except (SandboxError, InputError) as error:
            if group.main:
                raise
            await self._lost(group, error)

    async def _excuse(self, group: Group) -> None:
        """A group that has nothing to run, only reasons."""
        for planned in group.planned:
            for stage, plan in planned.stages.items():
                skip = plan if isinstance(plan, Skip) else None
                await self._board.add(group.profile, Part(stage, planned.toolchain.name, planned.main, skip=skip))

    async def _lost(self, group: Group, error: SandboxError | InputError) -> None:
        """A side group without its sandbox: said in its stages, the rest of the project is checked all the same."""
        absent = isinstance(error, SandboxUnavailableError | InputError)
        self._tools.unavailable(group.profile)
        for stage, toolchain in self._board.missing(group.profile):
            if absent:
                part = Part(stage, toolchain, main=False, unavailable=error.detail)
            else:
                part = Part(stage, toolchain, main=False, broken=f"{toolchain}: {error.detail}")
            await self._board.add(group.profile, part)

    async def _cheap(self, room: Room, group: Group) -> list[Part]:
        """The group's reading stages, several at the same time."""
        gate = asyncio.Semaphore(AT_ONCE)

        parsed: dict[str, asyncio.Task[Part]] = {}

        async def one(stage: Stage, toolchain: str, plan: StagePlan, main: bool) -> Part:
            if isinstance(plan, Skip):
                part = Part(stage, toolchain, main, skip=plan)
            else:
                async with gate:
                    part = await run_checks(room, stage, toolchain, plan, main=main)
            if part.broken and stage != "syntax" and toolchain in parsed and self._fails(await parsed[toolchain]):
                part = replace(part, broken="", skip=Skip(f"files with syntax errors cannot be read: {part.broken}"))
            await self._board.add(group.profile, part)
            return part

        waiting: list[asyncio.Task[Part]] = []
        for stage in CHEAP:
            for p in group.planned:
                if stage in p.stages:
                    task = asyncio.create_task(one(stage, p.toolchain.name, p.stages[stage], p.main))
                    waiting.append(task)
                    if stage == "syntax":
                        parsed[p.toolchain.name] = task
        try:
            return list(await asyncio.gather(*waiting))
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _main(self, room: Room, group: Group) -> None:
        contract = self._project.contract
        needs_setup = set(group.stages) - {"syntax"}
        setup = await set_up(room, contract, "install") if needs_setup else Setup()
        cheap = await self._cheap(room, group)
        if not group.later:
            return
        stopped = self._stopped(cheap)
        if setup.failed is None and not setup.cut and stopped is None:
            setup = setup.then(await set_up(room, contract, "build"))
        cause = setup.failed or stopped
        if "tests" in group.later:
            kept = () if "runtime" in group.later else setup.evidence
            tests = await self._tests(room, group, cause, setup.cut)
            tests = replace(tests, evidence=kept + tests.evidence)
            await self._board.add(group.profile, tests)
            if cause is None and self._policy.stage("tests").stop and self._fails(tests):
                cause = Finding(rule="blocked", severity="high", message="the tests failed")
        if "runtime" in group.later:
            if cause is not None or setup.cut:
                part = _not_begun("runtime", group.profile, cause, setup.cut)
                await self._board.add(group.profile, replace(part, evidence=setup.evidence))
            else:
                await self._board.add(group.profile, await self._runtime(room, group, setup))

    async def _tests(self, room: Room, group: Group, cause: Finding | None, cut: str) -> Part:
        if cause is not None or cut:
            return _not_begun("tests", group.profile, cause, cut)
        if isinstance(group.tests, Skip):
            return Part("tests", group.profile, True, skip=group.tests)
        part = await run_checks(room, "tests", group.profile, group.tests, main=True)
        if part.broken or self._fails(part):
            return part
        return await deepen(room, self._project, group.tests, part, self._policy, self._digest)

    async def _runtime(self, room: Room, group: Group, setup: Setup) -> Part:
        began = time.monotonic()
        part = Part("runtime", group.profile, True, evidence=setup.evidence)
        purse = room.budget.stage("runtime")
        if why := purse.used_up():
            return replace(part, broken=f"the project was not run: {why}")
        purse.begin()
        ran = await run_project(room.sandbox, self._project, room.recorder, purse)
        if isinstance(ran, Skip):
            return replace(part, skip=ran)
        return replace(
            part,
            findings=ran.findings,
            evidence=setup.evidence + ran.evidence,
            facts=dict(ran.facts),
            broken=ran.broken,
            wall_s=time.monotonic() - began,
        )

    def _stopped(self, cheap: list[Part]) -> Finding | None:
        """What forbids the later stages: a failed stage that the policy lets stop them, among those checked here."""
        for part in cheap:
            if self._policy.stage(part.stage).stop and self._fails(part):
                message = "the project has syntax errors" if part.stage == "syntax" else f"stage {part.stage} failed"
                return Finding(rule="blocked", severity="high", message=message)
        return None

    def _fails(self, part: Part) -> bool:
        return any(at_least(f.severity, self._policy.stage(part.stage).fail_at) for f in part.findings)


def _not_begun(stage: Stage, toolchain: str, cause: Finding | None, cut: str) -> Part:
    """What the stage needs failed: that is a failure of the stage too, not a skip. A used up budget is an error."""
    part = Part(stage, toolchain, main=True)
    if cause is None:
        return replace(part, broken=f"not run: {cut}")
    return replace(part, findings=(cause,), blocked=f"not run: {cause.message.splitlines()[0]}")

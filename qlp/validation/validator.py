"""Validates a whole project: every toolchain that it concerns, one sandbox a profile, judged by a policy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from qlp.models import LOCAL_TENANT, STAGES, InterfaceContract, SourceFile, Stage, Verdict
from qlp.sandbox.protocol import Limits, SandboxBackend
from qlp.validation.board import Board, StageListener
from qlp.validation.cache import VerdictCache, is_storable, key_of, question
from qlp.validation.check import TOOL_STAGES
from qlp.validation.evidence import digest_of
from qlp.validation.flight import Tell
from qlp.validation.groups import READS_ONLY, Groups, Planned, make_groups
from qlp.validation.identity import IN_PROCESS, Tools
from qlp.validation.judge import is_verified, required_stages
from qlp.validation.parts import Part
from qlp.validation.policy import Policy, load_policy
from qlp.validation.project import Project
from qlp.validation.registry import main_toolchain, toolchains
from qlp.validation.work import Work

DEFAULT_POLICY = "development"
EVIDENCE_BYTES = 262_144
"""Output kept of one command, each of stdout and stderr."""
_LIMITS = Limits(output_bytes=EVIDENCE_BYTES)


async def validate_project(
    files: Sequence[SourceFile],
    contract: InterfaceContract,
    backend: SandboxBackend,
    *,
    policy: Policy | None = None,
    stages: Iterable[Stage] | None = None,
    limits: Limits = _LIMITS,
    on_stage: StageListener | None = None,
    cache: VerdictCache | None = None,
    tenant: str = LOCAL_TENANT,
    public: bool = False,
    scope: str = "",
) -> Verdict:
    """Run the stages and say what they showed.

    `policy` None is `development`, `stages` None all six. With a `cache` a verdict on the same content by the same
    tools is answered again (`cached_at` says so), and equal questions asked at the same time are worked on once.
    `public`: the content is public, so that its verdict may be shared between tenants. `scope` narrows who shares one
    further, to a run for instance.

    Cancelling it kills what runs and releases every sandbox before it returns. Raises InputError for a language that
    nothing validates, SandboxError if the main language's sandbox cannot be had or breaks.
    """
    rules = policy or load_policy(DEFAULT_POLICY)
    asked = set(STAGES if stages is None else stages)
    job = _Job(tuple(files), contract, backend, rules, tuple(s for s in STAGES if s in asked), limits, tenant)
    if cache is None:
        return await job.run(Tools(backend), on_stage)
    owner = scope if public else f"tenant {tenant} {scope}"
    asks = await asyncio.to_thread(job.question, owner)

    async def work(tell: Tell) -> Verdict:
        tools = Tools(backend, cache)
        await job.prepare()
        known = await tools.look_up(job.groups.groups)
        if known is not None and (found := await cache.get(key_of(asks, known))) is not None:
            for stage in found.stages:
                await tell(stage)
            return found
        verdict = await job.run(tools, tell)
        if is_storable(verdict):
            await cache.put(key_of(asks, verdict.toolchain_digest), verdict)
        return verdict

    return await cache.flights.share(asks, work, on_stage)


class _Job:
    """One question, and the plan for its answer."""

    def __init__(
        self,
        files: tuple[SourceFile, ...],
        contract: InterfaceContract,
        backend: SandboxBackend,
        policy: Policy,
        wanted: tuple[Stage, ...],
        limits: Limits,
        tenant: str,
    ) -> None:
        self._files = files
        self._contract = contract
        self._backend = backend
        self._policy = policy
        self._wanted = wanted
        self._limits = limits
        self._tenant = tenant
        self._digest = ""
        self._plan: Groups | None = None

    @property
    def groups(self) -> Groups:
        assert self._plan is not None, "prepare() comes first"
        return self._plan

    def question(self, owner: str) -> str:
        """Blocking: reads all files."""
        self._digest = digest_of(self._files)
        return question(
            self._files, self._digest, self._contract, self._policy, self._wanted, self._limits, owner=owner
        )

    async def prepare(self) -> None:
        if self._plan is None:
            self._plan = await asyncio.to_thread(self._make_plan)

    def _make_plan(self) -> Groups:
        self._digest = self._digest or digest_of(self._files)
        project = Project(self._files, self._contract)
        return make_groups(project, main_toolchain(self._contract.language), toolchains(), self._wanted)

    async def run(self, tools: Tools, on_stage: StageListener | None) -> Verdict:
        await self.prepare()
        groups = self.groups.groups
        board = Board(self._wanted, self._policy, on_stage)
        for group in groups:
            for planned in group.planned:
                for stage in planned.stages:
                    board.expect(stage, group.profile, planned.toolchain.name)
            for stage in group.later:
                board.expect(stage, group.profile, group.profile)
        lost = [(stage, planned) for planned in self.groups.broken for stage in self._of(planned)]
        for stage, planned in lost:
            board.expect(stage, "", planned.toolchain.name)
        await board.open()
        for stage, planned in lost:
            await board.add("", Part(stage, planned.toolchain.name, planned.main, broken=planned.broken))
        project = Project(self._files, self._contract)
        work = Work(project, self._digest, self._policy, board, self._backend, self._limits, tools, tenant=self._tenant)
        await work.run(groups)
        results = board.results()
        return Verdict(
            input_digest=self._digest,
            stages=results,
            required=required_stages(results, self._policy),
            verified=is_verified(results, self._policy),
            policy=self._policy.label,
            policy_digest=self._policy.digest,
            toolchain_digest=tools.digest(groups),
        )

    def _of(self, planned: Planned) -> tuple[Stage, ...]:
        """The stages that a plug-in without a plan leaves unchecked, as far as that can be told."""
        if planned.main:
            stages: tuple[Stage, ...] = tuple(s for s in TOOL_STAGES if s != "tests")
        else:
            stages = ("security",) if planned.toolchain.profile == READS_ONLY else ("syntax",)
        return tuple(s for s in stages if s in self._wanted)


__all__ = ["DEFAULT_POLICY", "EVIDENCE_BYTES", "IN_PROCESS", "StageListener", "validate_project"]

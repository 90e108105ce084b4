"""Validates a whole project in one fresh sandbox: install, cheap stages together, build, tests, runtime."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from qlp.models import (
    STAGES,
    Evidence,
    Finding,
    InterfaceContract,
    Severity,
    SourceFile,
    Stage,
    StageResult,
    Verdict,
)
from qlp.sandbox.protocol import Command, Limits, Sandbox, SandboxBackend
from qlp.validation.check import Check, Reading, Skip, StagePlan
from qlp.validation.evidence import Recorder, digest_of
from qlp.validation.project import Project
from qlp.validation.readings import how_it_ended, tail
from qlp.validation.registry import main_toolchain
from qlp.validation.runtime_stage import run_project

StageListener = Callable[[StageResult], Awaitable[None]]

_ORDER: dict[Severity, int] = {"info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
FAIL_AT: Severity = "medium"
"""A finding of this severity or above fails its stage; lesser ones are shown."""
EVIDENCE_BYTES = 262_144
"""Output kept of one command, each of stdout and stderr."""
_LIMITS = Limits(output_bytes=EVIDENCE_BYTES)
_CHEAP: tuple[Stage, ...] = ("syntax", "style", "types", "security")
_SETUP_WALL_S = 180.0

_versions: dict[str, dict[str, str]] = {}


def required_stages(contract: InterfaceContract) -> tuple[Stage, ...]:
    """Syntax and tests always; runtime where the contract promises something that runs."""
    runs = any(c.purpose in ("start", "run") for c in contract.commands)
    return ("syntax", "tests", "runtime") if runs else ("syntax", "tests")


async def validate_project(
    files: Sequence[SourceFile],
    contract: InterfaceContract,
    backend: SandboxBackend,
    *,
    stages: Iterable[Stage] = STAGES,
    limits: Limits = _LIMITS,
    on_stage: StageListener | None = None,
) -> Verdict:
    """Run the stages and say what they showed. Raises SandboxError if the sandbox itself cannot be had or breaks."""
    wanted = tuple(s for s in STAGES if s in set(stages))
    toolchain = main_toolchain(contract.language)
    project = Project(tuple(files), contract)
    digest = digest_of(files)
    async with backend.open(contract.profile or toolchain.profile, limits) as sandbox:
        await sandbox.put(
            {**{f.path: f.data for f in files}, **toolchain.support},
            executable=frozenset(f.path for f in files if f.executable),
        )
        recorder = Recorder(digest, sandbox.isolation, await _tool_versions(sandbox, toolchain.versions))
        plans = toolchain.plan(project)
        session = _Session(sandbox, contract, recorder, on_stage)
        results = await session.validate(wanted, plans)
    required = tuple(s for s in required_stages(contract) if s in wanted)
    return Verdict(input_digest=digest, stages=results, required=required, verified=_verified(results, required))


def _verified(results: tuple[StageResult, ...], required: tuple[Stage, ...]) -> bool:
    status = {r.stage: r.status for r in results}
    return all(status.get(s) == "passed" for s in required) and all(s in ("passed", "skipped") for s in status.values())


async def _tool_versions(sandbox: Sandbox, command: Command) -> dict[str, str]:
    key = sandbox.isolation.image_digest + sandbox.isolation.backend
    if key not in _versions:
        result = await sandbox.run(command)
        lines = result.stdout.decode("utf-8", "replace").splitlines()
        _versions[key] = {tool: version for tool, _, version in (line.partition(" ") for line in lines) if version}
    return _versions[key]


class _Session:
    """One validation inside one open sandbox."""

    def __init__(
        self, sandbox: Sandbox, contract: InterfaceContract, recorder: Recorder, on_stage: StageListener | None
    ) -> None:
        self._sandbox = sandbox
        self._contract = contract
        self._recorder = recorder
        self._on_stage = on_stage

    async def validate(self, wanted: tuple[Stage, ...], plans: Mapping[Stage, StagePlan]) -> tuple[StageResult, ...]:
        setup = await self._setup("install")
        results = dict(
            zip(
                cheap := [s for s in wanted if s in _CHEAP],
                await asyncio.gather(
                    *(self._stage(s, plans.get(s, Skip("no file of this project has such a stage"))) for s in cheap)
                ),
                strict=True,
            )
        )
        syntax = results.get("syntax")
        broken = setup.findings
        if not broken and syntax is not None and syntax.status == "failed":
            broken = (Finding(rule="blocked", severity="high", message="the project has syntax errors"),)
        if not broken and ({"tests", "runtime"} & set(wanted)):
            built = await self._setup("build")
            setup = _Setup(setup.evidence + built.evidence, built.findings)
            broken = built.findings
        if "tests" in wanted:
            results["tests"] = await (
                self._blocked("tests", broken)
                if broken
                else self._stage("tests", plans.get("tests", Skip("no test was given or generated")))
            )
        if "runtime" in wanted:
            results["runtime"] = await (
                self._blocked("runtime", broken, setup.evidence) if broken else self._runtime(setup)
            )
        return tuple(results[s] for s in wanted)

    async def _setup(self, purpose: str) -> _Setup:
        commands = [c for c in self._contract.commands if c.purpose == purpose]
        evidence: list[Evidence] = []
        for step in commands:
            command = Command(argv=step.argv, env=dict(step.env), wall_s=_SETUP_WALL_S)
            result = await self._sandbox.run(command)
            proof = self._recorder.record(purpose, step.argv[0], command, result)
            evidence.append(proof)
            if not result.ok:
                message = f"{' '.join(step.argv)} {how_it_ended(result)}\n{tail(result)}"
                failed = Finding(rule=f"{purpose}-failed", severity="critical", message=message, evidence=proof.id)
                return _Setup(tuple(evidence), (failed,))
        return _Setup(tuple(evidence), ())

    async def _stage(self, stage: Stage, plan: StagePlan) -> StageResult:
        if isinstance(plan, Skip):
            return await self._done(StageResult(stage=stage, status="skipped", reason=plan.reason))
        began = time.monotonic()
        findings: list[Finding] = []
        evidence: list[Evidence] = []
        facts: dict[str, int | float | str] = {}
        broken: list[str] = []
        for check in plan:
            proof, reading = await self._check(stage, check)
            evidence.append(proof)
            findings += [f.model_copy(update={"evidence": proof.id}) for f in reading.findings]
            facts |= reading.facts
            if reading.broken:
                broken.append(reading.broken)
        failed = any(_ORDER[f.severity] >= _ORDER[FAIL_AT] for f in findings)
        return await self._done(
            StageResult(
                stage=stage,
                status="failed" if failed else "errored" if broken else "passed",
                reason="; ".join(broken),
                findings=tuple(findings),
                evidence=tuple(evidence),
                wall_s=round(time.monotonic() - began, 3),
                facts=facts,
            )
        )

    async def _check(self, stage: Stage, check: Check) -> tuple[Evidence, Reading]:
        result = await self._sandbox.run(check.command)
        proof = self._recorder.record(stage, check.tool, check.command, result)
        if result.truncated and stage != "tests":
            return proof, Reading(broken=f"{check.tool} printed more than the output cap")
        try:
            return proof, check.parse(result)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            return proof, Reading(
                broken=f"{check.tool}: its output could not be read ({type(error).__name__}: {error})"
            )

    async def _runtime(self, setup: _Setup) -> StageResult:
        began = time.monotonic()
        ran = await run_project(self._sandbox, self._contract, self._recorder)
        if isinstance(ran, Skip):
            return await self._done(
                StageResult(stage="runtime", status="skipped", reason=ran.reason, evidence=setup.evidence)
            )
        findings, evidence, facts = ran
        return await self._done(
            StageResult(
                stage="runtime",
                status="failed" if findings else "passed",
                findings=findings,
                evidence=setup.evidence + evidence,
                wall_s=round(time.monotonic() - began, 3),
                facts=facts,
            )
        )

    async def _blocked(
        self, stage: Stage, causes: tuple[Finding, ...], evidence: tuple[Evidence, ...] = ()
    ) -> StageResult:
        """The stage could not even begin because what it needs failed: that is a failure, not a skip."""
        reason = f"not run: {causes[0].message.splitlines()[0]}"
        return await self._done(
            StageResult(stage=stage, status="failed", reason=reason, findings=causes, evidence=evidence)
        )

    async def _done(self, result: StageResult) -> StageResult:
        if self._on_stage is not None:
            await self._on_stage(result)
        return result


class _Setup:
    """Evidence of install and build, and the finding of the step that failed, if one did."""

    def __init__(self, evidence: tuple[Evidence, ...], findings: tuple[Finding, ...]) -> None:
        self.evidence = evidence
        self.findings = findings


__all__ = ["FAIL_AT", "StageListener", "required_stages", "validate_project"]

"""Runs a stage's checks in an open sandbox: budgets, argument lists that are too long, outputs that are too long."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from qlp.models import Evidence, Finding, Stage
from qlp.sandbox.protocol import Command, ExecResult, Limits, Sandbox
from qlp.validation.argv import chunks
from qlp.validation.budget import Budget, StageBudget
from qlp.validation.check import Check, Reading
from qlp.validation.evidence import Recorder
from qlp.validation.parts import Facts, Part, add_facts
from qlp.validation.readings import how_it_ended

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Room:
    """One open sandbox with the project in it, and what its commands are written down with."""

    sandbox: Sandbox
    recorder: Recorder
    budget: Budget
    limits: Limits


async def run_checks(room: Room, stage: Stage, toolchain: str, checks: Sequence[Check], *, main: bool) -> Part:
    """One after the other: within a stage tools of one language share files and processors."""
    purse = room.budget.stage(stage)
    began = time.monotonic()
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    facts: Facts = {}
    broken: list[str] = []
    for check in checks:
        for proof, reading in await _run(room, stage, check, purse):
            if proof is not None:
                evidence.append(proof)
            findings += [_signed(f, check.tool, proof) for f in reading.findings]
            facts = add_facts(facts, reading.facts)
            if reading.broken:
                broken.append(reading.broken)
    return Part(
        stage=stage,
        toolchain=toolchain,
        main=main,
        findings=tuple(findings),
        evidence=tuple(evidence),
        facts=facts,
        broken="; ".join(dict.fromkeys(broken)),
        wall_s=time.monotonic() - began,
    )


def _signed(finding: Finding, tool: str, proof: Evidence | None) -> Finding:
    return finding.model_copy(
        update={"tool": finding.tool or tool, "evidence": finding.evidence or (proof.id if proof else None)}
    )


async def _run(room: Room, stage: Stage, check: Check, purse: StageBudget) -> list[tuple[Evidence | None, Reading]]:
    if check.files:
        await room.sandbox.put(check.files)
    done: list[tuple[Evidence | None, Reading]] = []
    for piece in chunks(check.paths) if check.paths else ((),):
        if why := purse.used_up():
            done.append((None, Reading(broken=f"{check.tool} was not run: {why}")))
            break
        command = check.command.model_copy(update={"argv": (*check.command.argv, *piece)})
        purse.begin()
        done.append(await _run_one(room, stage, check, command, purse))
    return done


async def _run_one(
    room: Room, stage: Stage, check: Check, command: Command, purse: StageBudget
) -> tuple[Evidence, Reading]:
    own, left = command.wall_s or room.limits.wall_s, purse.left()
    result = await room.sandbox.run(command.model_copy(update={"wall_s": min(own, left)}))
    purse.spend(result.cpu_s)
    proof = room.recorder.record(stage, check.tool, command, result)
    if result.timed_out and left < own:
        return proof, Reading(broken=f"{check.tool} was stopped: {purse.used_up() or 'its time budget is used up'}")
    if stage != "tests" and (result.timed_out or result.oom):
        # What the tool had said until then is not the whole of what there is to say.
        return proof, Reading(broken=f"{check.tool} {how_it_ended(result)}")
    reading = _read(check, result)
    if result.truncated and (stage != "tests" or (result.ok and reading.findings)):
        # A cut list of findings is no full answer, and of a test run that ended well the closing line may be lost.
        return proof, Reading(
            reading.findings if stage != "tests" else (),
            reading.facts,
            broken=f"{check.tool} printed more than the output cap of {room.limits.output_bytes:,} bytes",
        )
    return proof, reading


def _read(check: Check, result: ExecResult) -> Reading:
    try:
        return check.parse(result)
    except Exception as error:
        log.warning("the output of %s could not be read", check.tool, exc_info=error)
        return Reading(broken=f"{check.tool}: its output could not be read ({type(error).__name__}: {error})")

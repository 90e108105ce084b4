"""Install and build: what must have happened before a project's tests and the project itself can run."""

from __future__ import annotations

from dataclasses import dataclass

from qlp.models import Evidence, Finding, InterfaceContract
from qlp.models.plan import CommandPurpose
from qlp.sandbox.protocol import Command
from qlp.validation.checks import Room
from qlp.validation.readings import how_it_ended, tail

SETUP_WALL_S = 180.0
"""Wall limit of one command of install or build."""


@dataclass(frozen=True)
class Setup:
    """Evidence of the steps that ran, and the finding of the one that failed, if one did."""

    evidence: tuple[Evidence, ...] = ()
    failed: Finding | None = None
    cut: str = ""
    """Why it could not be finished though no step failed by itself: a budget is used up."""

    def then(self, other: Setup) -> Setup:
        return Setup(self.evidence + other.evidence, self.failed or other.failed, self.cut or other.cut)


async def set_up(room: Room, contract: InterfaceContract, purpose: CommandPurpose) -> Setup:
    """Every command of the purpose, until one fails."""
    evidence: list[Evidence] = []
    for step in contract.commands:
        if step.purpose != purpose:
            continue
        if why := room.budget.used_up():
            return Setup(tuple(evidence), cut=f"{purpose} was not run: {why}")
        command = Command(argv=step.argv, env=dict(step.env), wall_s=SETUP_WALL_S)
        left = room.budget.left()
        result = await room.sandbox.run(command.model_copy(update={"wall_s": min(SETUP_WALL_S, left)}))
        room.budget.spend(result.cpu_s)
        proof = room.recorder.record(purpose, step.argv[0], command, result)
        evidence.append(proof)
        if result.timed_out and left < SETUP_WALL_S:
            return Setup(tuple(evidence), cut=f"{purpose} was stopped: {room.budget.used_up() or 'no time is left'}")
        if not result.ok:
            message = f"{' '.join(step.argv)} {how_it_ended(result)}\n{tail(result)}"
            failed = Finding(
                rule=f"{purpose}-failed", severity="critical", message=message, evidence=proof.id, tool=step.argv[0]
            )
            return Setup(tuple(evidence), failed)
    return Setup(tuple(evidence))

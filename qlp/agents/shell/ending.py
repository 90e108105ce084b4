"""Where a shell agent stops, and what it has done by then."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from qlp.agents.shell.critic import Objection
from qlp.agents.shell.observed import Observed
from qlp.models import Usage
from qlp.models._base import Frozen

Ended = Literal["done", "steps", "cost", "time", "loop", "malformed"]
BAD_TURNS = 3
"""Answers in a row that ask for nothing: then more asking will not help."""


class Bounds(Frozen):
    """Where the agent stops, whatever it wants."""

    steps: int = 40
    """Model calls."""
    wall_s: float = 900.0
    """From the start to the end of the last command, a crash in between included."""
    max_cost_usd: Decimal | None = None
    """Of its model calls. A price that is not known counts nothing here: steps and time still bound it."""


@dataclass
class ShellRun:
    """What the agent did."""

    ended: Ended
    steps: int = 0
    commands: int = 0
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    summary: str = ""
    last: Observed | None = None
    objections: tuple[Objection, ...] = ()
    reviewed: bool = False
    """Whether a critic's readable answer was heard."""
    bad_turns: list[str] = field(default_factory=list)
    """Kinds of the answers that could not be used."""

    @property
    def reason(self) -> str:
        """One line for the record."""
        why = {
            "done": "the agent said that it is done",
            "steps": "stopped: all its steps are used",
            "cost": "stopped: its cost cap is reached",
            "time": "stopped: its time is over",
            "loop": "stopped: it repeated an action with the same result after it was told to plan anew",
            "malformed": f"stopped: {BAD_TURNS} answers in a row asked for nothing that can be done",
        }[self.ended]
        parts = [f"{why} ({self.steps} model calls, {self.commands} commands)"]
        if self.bad_turns:
            parts.append("unusable answers: " + ", ".join(self.bad_turns))
        if self.objections:
            parts.append(f"the critic objected {len(self.objections)} times")
        return "; ".join(parts)

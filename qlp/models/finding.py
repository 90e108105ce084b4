from __future__ import annotations

from typing import Literal

from qlp.models._base import Frozen

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
"""From harmless to worst."""


class Finding(Frozen):
    """One defect that a stage reports."""

    rule: str
    severity: Severity
    message: str
    file: str | None = None
    line: int | None = None
    """From 1, as `column`."""
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    """First column after the defect."""
    fix: str | None = None
    """What the tool proposes, if it proposes anything."""
    evidence: str | None = None
    """Id of the Evidence that shows it."""
    tool: str = ""
    source: Literal["tool", "model"] = "tool"
    """`model`: a model's opinion; it may block only with evidence, a command that reproduces it."""


def at_least(severity: Severity, floor: Severity) -> bool:
    return SEVERITIES.index(severity) >= SEVERITIES.index(floor)

from __future__ import annotations

from typing import Literal

from qlp.models._base import Frozen

Severity = Literal["info", "low", "medium", "high", "critical"]


class Finding(Frozen):
    """One defect that a stage reports."""

    rule: str
    severity: Severity
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    fix: str | None = None
    """What the tool proposes, if it proposes anything."""
    evidence: str | None = None
    """Id of the Evidence that shows it."""

"""What is measured, under which names, apart from who collects it."""

from qlp.telemetry.memory import MemorySandboxMetrics
from qlp.telemetry.sandbox import Gauges, SandboxMetrics

__all__ = ["Gauges", "MemorySandboxMetrics", "SandboxMetrics"]

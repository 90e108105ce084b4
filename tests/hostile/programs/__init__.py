"""The hostile programs, by what they attack. Each module is data: `PROGRAMS`."""

from __future__ import annotations

from tests.hostile.program import Program
from tests.hostile.programs import compilers, files, kernel, memory, network, processes, streams

PROGRAMS: tuple[Program, ...] = (
    *processes.PROGRAMS,
    *memory.PROGRAMS,
    *files.PROGRAMS,
    *streams.PROGRAMS,
    *kernel.PROGRAMS,
    *network.PROGRAMS,
    *compilers.PROGRAMS,
)

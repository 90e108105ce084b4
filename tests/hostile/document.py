"""Writes docs/sandbox-hostile.md from the programs: `python -m tests.hostile.document`."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.program import LIMITS, Program
from tests.hostile.programs import PROGRAMS
from tests.hostile.verdict import Expected

PATH = Path(__file__).parents[2] / "docs" / "sandbox-hostile.md"

_TOP = f"""\
# Hostile programs

Written by `python -m tests.hostile.document` from `tests/hostile/programs`; a test compares.

Each program runs as a job, most also as a command of a session and in fork mode, on Docker, on bubblewrap, and on Docker with gVisor
where the engine knows the runtime `runsc`. All share one warm sandbox ({LIMITS.memory_mb} MiB, {LIMITS.pids} processes,
{LIMITS.disk_mb} MiB of workspace, {LIMITS.inodes} inodes, files of {LIMITS.file_mb} MiB, {LIMITS.output_bytes} bytes of output). After each program a
census from a fresh job and from the session around it must be what it was when the sandbox was new: processes, files, shared
memory, queues, sockets, mounts, limits, capabilities, free space and inodes. A sandbox that ran out of memory takes no further job, and the
next one must work at once.

A refusal counts only if the program saw it as an errno. For those marked *control*, the same program is run unconfined
(in namespaces of its own, or as root where that is harmless) and must come out differently there. Artefacts that are links, pipes, devices,
bombs or oddly named, jobs cancelled in mid-run, clients killed, and what is left on the host: `tests/hostile/test_artefacts.py` and
`test_interruptions.py`.

"""


def render(programs: tuple[Program, ...] = PROGRAMS) -> str:
    lines = ["| attack | the program tries to | verdict | runs as | control |", "| --- | --- | --- | --- | --- |"]
    for program in programs:
        cells = (
            f"{program.item} (`{program.id}`)",
            program.tries,
            _verdict(program.expected),
            ", ".join(program.modes),
            {"": "", "namespaces": "namespaces", "root": "root"}[program.control],
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", "## Where a backend or a mode differs", ""]
    lines += ["| program | where | verdict | why |", "| --- | --- | --- | --- |"]
    for program in programs:
        for other in program.differs:
            cells = (f"`{program.id}`", other.where, _verdict(other.expected), other.why)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += [
        "",
        "Memory and process bombs are run only where `Isolation` says that a control group enforces the limit: bubblewrap without root "
        "and without a delegated control group holds them by per-process limits and the wall clock. Compiler programs need the profile `c`.",
    ]
    return _TOP + "\n".join(lines) + "\n"


def _verdict(expected: Expected) -> str:
    ends = list(expected.ends)
    parts = [" or ".join(["lost, with a typed error" if end == "lost" else end for end in ends])]
    if expected.truncated:
        parts.append("output truncated")
    by_value: dict[str, list[str]] = {}
    for name, value in expected.facts.items():
        by_value.setdefault(value, []).append(name)
    parts += [f"{', '.join(names)} = {value.replace('|', ' or ')}" for value, names in by_value.items()]
    parts += [f"{name} at most {most}" for name, most in expected.at_most.items()]
    return "; ".join(parts)


if __name__ == "__main__":
    PATH.write_text(render())

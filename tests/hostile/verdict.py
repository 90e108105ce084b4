"""What may become of a hostile program, and whether it did.

A program says what it found in lines `VERDICT name=value ...` on its stdout, so that a thing counts as blocked only if the
program saw the refusal (an errno), and not because the program is broken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from qlp.sandbox import ExecResult

_LINE = re.compile(rb"^VERDICT (.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Every field that is set has to hold."""

    ends: tuple[str, ...]
    """Any of these: `exit N`, `signal N`, `timeout`, `oom`, or `lost`: the sandbox ended and the caller gets a typed error.

    After `oom` and `lost` the sandbox takes no further job: whoever holds it opens another one."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Name -> regular expression that the value in a VERDICT line has to match from end to end."""
    at_most: Mapping[str, int] = field(default_factory=dict)
    """Name -> the largest number allowed."""
    stdout: bytes | None = None
    """Exactly this."""
    truncated: bool | None = None


def end_of(result: ExecResult) -> str:
    if result.timed_out:
        return "timeout"
    if result.oom:
        return "oom"
    return f"signal {result.signal}" if result.exit_code is None else f"exit {result.exit_code}"


def facts_of(stdout: bytes) -> dict[str, str]:
    """All VERDICT lines together; a later one wins."""
    pairs = b" ".join(_LINE.findall(stdout)).decode("utf-8", "replace").split()
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def mismatches(result: ExecResult, expected: Expected) -> list[str]:
    """What is not as expected, in words; empty if all is."""
    wrong = []
    end = end_of(result)
    if end not in expected.ends:
        wrong.append(f"ended by {end}, not {' or '.join(expected.ends)}")
    facts = facts_of(result.stdout)
    for name, pattern in expected.facts.items():
        if not re.fullmatch(pattern, facts.get(name, "<never said>")):
            wrong.append(f"{name}={facts.get(name, '<never said>')}, not {pattern}")
    for name, most in expected.at_most.items():
        if int(facts.get(name, most + 1)) > most:
            wrong.append(f"{name}={facts.get(name, '<never said>')}, more than {most}")
    if expected.stdout is not None and result.stdout != expected.stdout:
        wrong.append(f"stdout is {result.stdout[:200]!r}")
    if expected.truncated is not None and result.truncated is not expected.truncated:
        wrong.append(f"truncated is {result.truncated}")
    if wrong:
        wrong.append(f"stdout: {result.stdout[-600:]!r}")
        wrong.append(f"stderr: {result.stderr[-600:]!r}")
    return wrong

"""Source files that are no UTF-8 text: a finding of the syntax stage in every language, not a crash of its tools."""

from __future__ import annotations

from collections.abc import Sequence

from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check

_LIMIT = 100
_PROGRAM = """
import json, sys
errors = []
for path in sys.argv[1:]:
    data = open(path, "rb").read()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\\n", 0, error.start)
        byte = f"byte 0x{data[error.start]:02x} at offset {error.start}"
        errors.append({"file": path[2:], "line": line, "column": column, "message": f"not UTF-8 text: {byte}"})
json.dump({"files": len(sys.argv) - 1, "errors": errors}, sys.stdout)
"""


def encoding_checks(paths: Sequence[str]) -> tuple[Check, ...]:
    """A check that names each of the paths with its first bad byte; none if there is no such path."""
    if not paths:
        return ()
    argv = ("python3", "-c", _PROGRAM, *(f"./{p}" for p in paths[:_LIMIT]))
    return (Check("python3", Command(argv=argv, wall_s=30), readings.syntax_report),)


def argument(path: str) -> str:
    """A path that no program takes for an option or a response file, whatever it is called."""
    return f"./{path}"

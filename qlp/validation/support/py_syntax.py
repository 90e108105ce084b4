"""Runs in the sandbox: compiles the Python files named on standard input and prints {files, errors} as JSON.

Names end with NUL. Nothing is executed. A file that brings the compiler itself down is an error of that file.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any


def check(path: str) -> dict[str, Any] | None:
    """The first thing that is wrong with a file."""
    with open(path, "rb") as handle:
        source = handle.read()
    try:
        compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        line = error.lineno or None
        return row(path, line, max(error.offset or 1, 1) if line else None, error.msg or "invalid syntax")
    except ValueError as error:  # null bytes, a coding that does not exist
        return row(path, None, None, str(error))
    except (RecursionError, MemoryError, OverflowError) as error:
        return row(path, None, None, f"nested deeper than Python can compile ({type(error).__name__})")
    return None


def row(path: str, line: int | None, column: int | None, message: str) -> dict[str, Any]:
    return {"file": path, "line": line, "column": column, "message": message}


def in_child(paths: list[str]) -> tuple[list[dict[str, Any]], int]:
    """The errors of as many files as a child process survives, and how many that were."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as told:
            for path in paths:
                told.write(json.dumps(check(path)) + "\n")
                told.flush()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as heard:
        rows = [json.loads(line) for line in heard if line.endswith("\n")]
    os.waitpid(child, 0)
    return [r for r in rows if r], len(rows)


def main() -> None:
    warnings.simplefilter("ignore")
    paths = [os.fsdecode(name) for name in sys.stdin.buffer.read().split(b"\0") if name]
    errors: list[dict[str, Any]] = []
    at = 0
    while at < len(paths):
        found, survived = in_child(paths[at:])
        errors += found
        at += survived
        if at < len(paths):
            errors.append(row(paths[at], None, None, "Python's compiler crashes on this file"))
            at += 1
    json.dump({"files": len(paths), "errors": errors}, sys.stdout)


main()

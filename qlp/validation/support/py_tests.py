"""Runs in the sandbox: `py_tests.py COMMAND ...` runs a project's tests and prints what became of each, as JSON.

What the tests print goes to standard error, all of it. The results come over a file that has no name, from a plug-in
inside the runner: a program that prints a closing line of its own, or ends the process with 0, is not believed.

Environment: QLP_FAIL_FAST stops at the first failure.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_PYTHON = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")
_KEPT = 200


def main() -> int:
    command = sys.argv[1:]
    runner = _runner(command)
    with tempfile.TemporaryDirectory(prefix="qlp-") as cache, tempfile.TemporaryFile() as results:
        env = dict(os.environ)
        if runner == "pytest":
            added = f"-p qlp_pytest --tb=short -o cache_dir={cache}" + (" -x" if env.get("QLP_FAIL_FAST") else "")
            env["PYTEST_ADDOPTS"] = f"{env.get('PYTEST_ADDOPTS', '')} {added}".strip()
            env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_HERE / "py_plugin"), env.get("PYTHONPATH", ""))))
        elif runner == "unittest":
            command = [command[0], str(_HERE / "py_plugin" / "qlp_unittest.py"), *command[3:]]
        env["QLP_RESULTS_FD"] = str(results.fileno())
        try:
            ended = subprocess.run(
                command, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr, pass_fds=[results.fileno()], check=False
            )
        except OSError as error:
            sys.stderr.write(f"{command[0]}: {error.strerror}\n")
            return 127
        results.seek(0)
        report = _report(runner, results.read())
    json.dump(report, sys.stdout)
    return ended.returncode if ended.returncode >= 0 else 128 - ended.returncode


def _runner(command: list[str]) -> str:
    """Who runs the tests: pytest, unittest, or a program that only its exit code speaks for."""
    words = [Path(word).name if number == 0 else word for number, word in enumerate(command)]
    if words and words[0] in ("pytest", "py.test"):
        return "pytest"
    if len(words) >= 3 and _PYTHON.fullmatch(command[0]) and words[1] == "-m" and words[2] in ("pytest", "unittest"):
        return words[2]
    return "program"


def _report(runner: str, raw: bytes) -> dict[str, Any]:
    """{runner, ended, running, counts, tests}: `ended` is the runner's own exit status, None if it never came to it."""
    counts: dict[str, int] = {}
    failed: list[dict[str, Any]] = []
    running, ended = "", None
    for line in raw.splitlines():
        try:
            row = json.loads(line)
        except ValueError:  # cut short when the process died
            continue
        if "start" in row:
            running = row["start"]
        elif "end" in row:
            ended = row["end"]
        else:
            running = ""
            counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
            if row["outcome"] in ("failed", "error") and len(failed) < _KEPT:
                failed.append(row)
    return {"runner": runner, "ended": ended, "running": running, "counts": counts, "failed": failed}


if __name__ == "__main__":
    sys.exit(main())

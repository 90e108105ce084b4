"""Runs in the sandbox, inside pytest: tells py_tests.py what became of each test."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

_TEXT = 4000
_fd = int(os.environ.pop("QLP_RESULTS_FD", "-1"))
_here = os.path.dirname(os.path.abspath(__file__))
# Programs that the tests start are not meant to see any of this.
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != _here]
os.environ["PYTHONPATH"] = os.pathsep.join(p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p != _here)
if not os.environ["PYTHONPATH"]:
    del os.environ["PYTHONPATH"]
os.environ.pop("PYTEST_ADDOPTS", None)
if _fd >= 0:
    os.set_inheritable(_fd, False)
_owner = os.getpid()


def _tell(row: dict[str, Any]) -> None:
    if _fd >= 0 and os.getpid() == _owner:
        os.write(_fd, json.dumps(row).encode() + b"\n")


def pytest_runtest_logstart(nodeid: str) -> None:
    _tell({"start": nodeid})


def pytest_runtest_logreport(report: Any) -> None:
    if report.when == "call" or report.outcome != "passed":
        outcome = report.outcome
        if outcome == "failed" and report.when != "call":
            outcome = "error"
        if hasattr(report, "wasxfail"):
            outcome = "skipped"
        _tell({"name": report.nodeid, "outcome": outcome, **_where(report), "text": _text(report)})


def pytest_collectreport(report: Any) -> None:
    if report.failed:
        _tell({"name": report.nodeid, "outcome": "error", **_where(report), "text": _text(report)})


def pytest_sessionfinish(exitstatus: int) -> None:
    _tell({"end": int(exitstatus)})


def _where(report: Any) -> dict[str, Any]:
    """The place that failed, if it lies in the project; else where the test stands."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and report.outcome == "failed":
        path = os.path.relpath(crash.path)
        if not path.startswith("..") and "site-packages" not in path:
            return {"file": path, "line": crash.lineno, "message": crash.message[:_TEXT]}
    location = getattr(report, "location", None) or (report.nodeid.split("::")[0], None, "")
    line = location[1]
    return {"file": location[0], "line": line + 1 if isinstance(line, int) else None, "message": ""}


def _text(report: Any) -> str:
    if report.outcome != "failed":
        return ""
    text = report.longreprtext
    kept = text if len(text) <= _TEXT else f"{text[: _TEXT // 4]}\n[...]\n{text[-_TEXT * 3 // 4 :]}"
    example = text.find("Falsifying example")
    if example >= 0 and "Falsifying example" not in kept:
        kept = f"{kept}\n{text[example : example + 500]}"
    return kept

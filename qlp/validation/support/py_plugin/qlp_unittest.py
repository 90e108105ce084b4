"""Runs in the sandbox: unittest's own command line, telling py_tests.py what became of each test."""

from __future__ import annotations

import inspect
import json
import os
import sys
import unittest
from typing import Any

_fd = int(os.environ.pop("QLP_RESULTS_FD", "-1"))
_owner = os.getpid()
_here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = ["", *(p for p in sys.path if os.path.abspath(p or ".") != _here)]
if _fd >= 0:
    os.set_inheritable(_fd, False)


def _tell(row: dict[str, Any]) -> None:
    if _fd >= 0 and os.getpid() == _owner:
        os.write(_fd, json.dumps(row).encode() + b"\n")


class Result(unittest.TextTestResult):
    def startTest(self, test: unittest.TestCase) -> None:
        _tell({"start": test.id()})
        super().startTest(test)

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self._say(test, "passed")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self._say(test, "failed", err)

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        self._say(test, "error", err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self._say(test, "skipped")

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addExpectedFailure(test, err)
        self._say(test, "skipped")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        super().addUnexpectedSuccess(test)
        self._say(test, "failed")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._say(subtest, "failed", err)

    def _say(self, test: unittest.TestCase, outcome: str, err: Any = None) -> None:
        text = self._exc_info_to_string(err, test)[-4000:] if err is not None else ""  # type: ignore[attr-defined]
        message = f"{type(err[1]).__name__}: {err[1]}"[:2000] if err is not None else ""
        _tell({"name": test.id(), "outcome": outcome, **_where(test), "message": message, "text": text})


def _where(test: unittest.TestCase) -> dict[str, Any]:
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    try:
        file = os.path.relpath(inspect.getsourcefile(type(test)) or "")
        line = inspect.getsourcelines(method)[1] if method else None
    except (TypeError, OSError, ValueError):
        return {"file": None, "line": None}
    return {"file": None if file.startswith("..") else file, "line": line}


def main() -> None:
    fail_fast = True if os.environ.pop("QLP_FAIL_FAST", "") else None
    runner = unittest.TextTestRunner(resultclass=Result, failfast=bool(fail_fast))  # type: ignore[arg-type]
    sys.argv[0] = "python -m unittest"
    program = unittest.main(module=None, testRunner=runner, exit=False, failfast=fail_fast)
    ok = program.result.wasSuccessful()
    _tell({"end": 0 if ok else 1})
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()

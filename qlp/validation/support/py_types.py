"""Runs in the sandbox: mypy over the files named on standard input (names end with NUL), `--output json`.

Files of the same module name, in folders that are no packages, cannot be looked at together: then the folders are
looked at one by one. Exit code as mypy's: 0 clean, 1 errors, 2 it could not analyse.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict

_SAME = ("Duplicate module named", "Source file found twice", "is not a valid Python package name")
_ARGV = ("mypy", "--output", "json", "--cache-dir", "/dev/null", "--no-error-summary", "--no-color-output")


def mypy(paths: list[str], *options: str) -> tuple[int, str, str]:
    done = subprocess.run([*_ARGV, *options, "--", *paths], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def main() -> int:
    paths = [f"./{os.fsdecode(name)}" for name in sys.stdin.buffer.read().split(b"\0") if name]
    code, out, err = mypy(paths)
    if code == 2 and any(words in out + err for words in _SAME):
        code, out, err = mypy(paths, "--explicit-package-bases")
    if code == 2 and any(words in out + err for words in _SAME):
        folders: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            folders[os.path.dirname(path)].append(path)
        runs = [mypy(group) for group in folders.values()]
        code, out, err = max(r[0] for r in runs), "".join(r[1] for r in runs), "".join(r[2] for r in runs)
    sys.stdout.write(out)
    sys.stderr.write(err)
    return code


sys.exit(main())

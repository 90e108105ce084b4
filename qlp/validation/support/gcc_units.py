"""Runs in the sandbox: one compiler run for each source file, shared by the stages that read its diagnostics.

    gcc_units.py COMPILER OPTION ... -- FILE ...

Runs two compilers at a time, prints their diagnostics in the order of the files, and exits with the worst status. The
stages syntax, types and style ask for the same run at the same time: the first one makes it, the others wait for its
answer. What a file includes can change between two runs, so the answer is kept under the digest of all sources.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOM = ".qlp/diagnostics"
SKIP = {".git", ".qlp", ".home"}
SUFFIXES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".C", ".h", ".hh", ".hpp", ".hxx", ".inl", ".ipp", ".def", ".inc")
FILE_S = 120.0


def digest(argv: list[str]) -> str:
    total = hashlib.sha256("\0".join(argv).encode())
    for folder, folders, names in os.walk("."):
        folders[:] = sorted(set(folders) - SKIP)
        for name in sorted(names):
            if name.endswith(SUFFIXES):
                with open(os.path.join(folder, name), "rb") as handle:
                    total.update(hashlib.sha256(handle.read()).digest())
    return total.hexdigest()[:32]


def compile_unit(argv: list[str]) -> tuple[int, bytes]:
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=FILE_S, check=False)
    except subprocess.TimeoutExpired:
        return 124, f"{argv[-1]}: the compiler did not end within {FILE_S:.0f} s\n".encode()
    return done.returncode if done.returncode >= 0 else 128 - done.returncode, done.stderr + done.stdout


def main() -> int:
    at = sys.argv.index("--")
    options, files = sys.argv[1:at], sys.argv[at + 1 :]
    os.makedirs(ROOM, exist_ok=True)
    kept = f"{ROOM}/{digest(sys.argv[1:])}"
    with open(f"{kept}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(kept):
            with ThreadPoolExecutor(2) as workers:
                answers = list(workers.map(compile_unit, ([*options, file] for file in files)))
            with open(f"{kept}.new", "wb") as new:
                new.write(b"%d\n" % max(code for code, _ in answers) + b"".join(text for _, text in answers))
            os.replace(f"{kept}.new", kept)
    with open(kept, "rb") as answer:
        code = int(answer.readline())
        sys.stderr.buffer.write(answer.read())
    return code


sys.exit(main())

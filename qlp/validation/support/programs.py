"""Runs in the sandbox: builds programs and runs each of them; a test program's exit code is its verdict.

Arguments are steps, one JSON object each, in order:

    {"list": NAME, "add": [WORD, ...]}        words that "@NAME" stands for in later argv
    {"object": SOURCE, "argv": [...], "reads": [PATH, ...]}
                                              compiled to {out}, unless it was before from the same bytes;
                                              the path of {out} is added to the list "objects"
    {"program": NAME, "build": [...], "argv": [...]}
                                              built, then run if there is an argv

Prints one line a program, `ok NAME` or `not ok NAME: why`, the program's own output indented below it, and at the end
`programs N passed P`; exits 1 if one failed and 2 if an object could not be compiled.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

OBJECTS = ".qlp/objects"
RUN_S = float(os.environ.get("QLP_PROGRAM_S", "60"))
SHOWN = 6000
lists: dict[str, list[str]] = {"objects": []}


def spread(argv: list[str], **blanks: str) -> list[str]:
    found: list[str] = []
    for word in argv:
        if word.startswith("@") and word[1:] in lists:
            found += lists[word[1:]]
        else:
            found.append(blanks.get(word[1:-1], word) if word.startswith("{") else word)
    return found


def execute(argv: list[str], limit: float) -> tuple[str, bytes]:
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired as error:
        return f"did not end within {limit:.0f} s", error.stdout or b""
    except OSError as error:
        return f"could not be started: {error.strerror}", b""
    if done.returncode < 0:
        return f"was ended by signal {-done.returncode}", done.stdout
    return f"exited {done.returncode}" if done.returncode else "", done.stdout


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def show(output: bytes) -> None:
    text = output.decode("utf-8", "replace")
    if len(text) > SHOWN:
        text = text[: SHOWN // 2] + "\n[...]\n" + text[-SHOWN // 2 :]
    for line in text.splitlines():
        say("    " + line)


def read(path: str) -> bytes:
    with open(path, "rb") as handle:
        return handle.read()


def compile_object(step: dict[str, Any]) -> tuple[str, str, bytes]:
    digest = hashlib.sha256(json.dumps(step["argv"]).encode())
    for path in (step["object"], *spread(step.get("reads", []))):
        digest.update(read(path))
    out = f"{OBJECTS}/{digest.hexdigest()[:24]}.o"
    if os.path.exists(out):
        return out, "", b""
    why, output = execute(spread(step["argv"], out=out), 120.0)
    return out, why, output


steps = [json.loads(word) for word in sys.argv[1:]]
for step in steps:
    if "list" in step:
        lists.setdefault(step["list"], []).extend(step["add"])
os.makedirs(OBJECTS, exist_ok=True)
with ThreadPoolExecutor(2) as workers:
    sources = [step for step in steps if "object" in step]
    for step, (out, why, output) in zip(sources, workers.map(compile_object, sources), strict=True):
        if why:
            say(f"not compiled {step['object']}: the compiler {why}")
            show(output)
            sys.exit(2)
        lists["objects"].append(out)
programs = [step for step in steps if "program" in step]
passed = 0
for step in programs:
    output = b""
    why = ""
    if step.get("build"):
        why, output = execute(spread(step["build"]), 180.0)
        why = why and f"the compiler {why}"
    if not why and step.get("argv"):
        why, output = execute(spread(step["argv"]), RUN_S)
    passed += not why
    say(f"not ok {step['program']}: {why}" if why else f"ok {step['program']}")
    show(output)
    sys.stdout.flush()
say(f"programs {len(programs)} passed {passed}")
sys.exit(0 if passed == len(programs) else 1)

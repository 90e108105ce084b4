"""C#: mcs over all sources; a test is a program with a Main, and its exit code says whether it passed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence, Set

from qlp.models import ProjectCommand
from qlp.validation.inference.alone import runs_alone

REFERENCES = tuple(f"-r:{name}.dll" for name in ("System.Core", "System.Numerics", "System.Xml", "Microsoft.CSharp"))
_MAIN = re.compile(r"\bstatic\s+(?:public\s+|private\s+|internal\s+|async\s+)*(?:int|void|Task(?:<int>)?)\s+Main\s*\(")
_TEST_NAME = re.compile(r"(?:^|/)(?:Tests?\w*|\w*Tests?|tests?_\w*|\w*_tests?)\.cs$")
_TEST_FOLDER = re.compile(r"(?:^|/)[Tt]ests?/")
_OUTSIDE = (
    "Console.Read", "Console.In", "args[", "args.Length", "TcpListener", "HttpListener", "Environment.Exit",
    "GetEnvironmentVariable", "while (true)", "for (;;)", "Thread.Sleep", "File.Open", "File.Read", "Socket",
)  # fmt: skip


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    sources = {p: t for p, t in sorted(files.items()) if p.endswith(".cs")}
    mains = [p for p, t in sources.items() if _MAIN.search(t)]
    tests = [p for p in mains if _TEST_NAME.search(p) or _TEST_FOLDER.search(p)]
    programs = [p for p in mains if p not in tests]
    shared = [p for p in sources if p not in mains]
    if tests:
        # The classes beside a Main are what a test of that file wants; the Main of the test is named as the entry.
        steps = [_program(p, (*shared, *programs), sources[p], run=True) for p in tests]
        yield ProjectCommand(purpose="test", argv=_argv(steps))
    own = [p for p in shared if not (_TEST_NAME.search(p) or _TEST_FOLDER.search(p))]
    if programs:
        steps = [_program(p, own, sources[p], run=False) for p in programs]
        yield ProjectCommand(purpose="build", argv=_argv(steps))
    if len(programs) == 1 and runs_alone("\n".join(sources.values()), _OUTSIDE):
        yield ProjectCommand(purpose="run", argv=("mono", _out(programs[0])))


def _argv(steps: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    return ("python3", ".qlp/programs.py", *(json.dumps(step) for step in steps))


def _program(path: str, shared: Sequence[str], text: str, *, run: bool) -> dict[str, object]:
    files = [f"./{p}" for p in dict.fromkeys((path, *shared))]
    entry = _class_of_main(text)
    main = (f"-main:{entry}",) if entry else ()
    build = ["mcs", "-nologo", "-warn:0", *REFERENCES, *main, f"-out:{_out(path)}", *files]
    return {"program": path, "build": build, **({"argv": ["mono", _out(path)]} if run else {})}


def _class_of_main(text: str) -> str:
    """Full name of the class that holds Main; empty where it cannot be told."""
    found = _MAIN.search(text)
    before = text[: found.start()] if found else ""
    classes = re.findall(r"\b(?:class|struct)\s+(\w+)", before)
    namespaces = re.findall(r"^\s*namespace\s+([\w.]+)", before, re.M)
    return ".".join((*namespaces[-1:], classes[-1])) if classes else ""


def _out(path: str) -> str:
    return ".qlp/objects/" + path.replace("/", "-") + ".exe"

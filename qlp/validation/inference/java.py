"""Java without a build file: all sources together, tests by JUnit, or by the main methods of the test classes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterable, Mapping, Set

from qlp.models import ProjectCommand
from qlp.sandbox.recipes import JAVAC, JUNIT, JVM
from qlp.validation.inference.alone import runs_alone

_CLASSES = ".qlp/classes"
_RESOURCES = ("src/main/resources", "src/test/resources", "resources")
_JUNIT_TEST = re.compile(
    r"^\s*@(?:\w+\.)*(?:Test|ParameterizedTest|RepeatedTest|TestFactory)\b|\bextends TestCase\b", re.M
)
_MAIN = re.compile(r"\bpublic\s+static\s+void\s+main\s*\(|\bstatic\s+public\s+void\s+main\s*\(")
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.M)
_TEST_FILE = re.compile(r"(?:^|/)(?:Test\w*|\w*Tests?|\w*TestCase)\.java$")
_OUTSIDE = (
    "System.in", "Scanner(", "System.console", "args[", "args.length", "ServerSocket", "HttpServer",
    "SpringApplication", "new Socket", "JFrame", "Application.launch", "System.exit", "getenv", "while (true)",
    "for (;;)", "Thread.sleep",
)  # fmt: skip
_LAUNCHER = (
    "org.junit.platform.console.ConsoleLauncher", "--disable-banner", "--disable-ansi-colors",
    "--include-classname=.*", f"--scan-classpath={_CLASSES}",
)  # fmt: skip


def compile_path(paths: Collection[str]) -> str:
    """Class path of the compiler: the project's own jars, and JUnit."""
    folders = sorted({p.rpartition("/")[0] or "." for p in paths if p.endswith(".jar")})
    return ":".join((*(f"{folder}/*" for folder in folders), JUNIT))


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    sources = {p: t for p, t in files.items() if p.endswith(".java") and not p.endswith("module-info.java")}
    if not sources:
        return
    libraries = compile_path(paths)
    resources = [f for f in _RESOURCES if any(p.startswith(f"{f}/") for p in paths)]
    running = ":".join((_CLASSES, *resources, ".", libraries))
    names = tuple(f"./{p}" for p in sorted(sources))
    compiler = shlex.join((*JAVAC, "-nowarn", "-implicit:none", "-d", _CLASSES, "-cp", libraries))
    compiled = f'rm -rf {_CLASSES} && {compiler} "$@"'
    mains = {p: _class(p, t) for p, t in sorted(sources.items()) if _MAIN.search(t)}
    tests = {p: name for p, name in mains.items() if _TEST_FILE.search(p)}
    if any(_JUNIT_TEST.search(t) for t in sources.values()):
        launch = _java(running, *_LAUNCHER)
        yield ProjectCommand(purpose="test", argv=("sh", "-c", f"{compiled} && {launch}", "sh", *names))
    elif tests:
        steps = [json.dumps({"program": p, "argv": ["sh", "-c", _java(running, name)]}) for p, name in tests.items()]
        launch = "exec python3 .qlp/programs.py " + shlex.join(steps)
        yield ProjectCommand(purpose="test", argv=("sh", "-c", f"{compiled} && {launch}", "sh", *names))
    programs = {p: name for p, name in mains.items() if p not in tests}
    alone = len(programs) == 1 and runs_alone("\n".join(sources.values()), _OUTSIDE)
    if alone or not (tests or any(_JUNIT_TEST.search(t) for t in sources.values())):
        yield ProjectCommand(purpose="build", argv=("sh", "-c", compiled, "sh", *names))
    if alone:
        yield ProjectCommand(purpose="run", argv=("sh", "-c", _java(running, *programs.values())))


def _java(classpath: str, *words: str) -> str:
    """A shell's command line: the heap is five eighths of the sandbox's memory, as in recipes.py."""
    return JVM.replace('"$@"', shlex.join(("-ea", "-cp", classpath, *words)))


def _class(path: str, text: str) -> str:
    package = _PACKAGE.search(text)
    name = path.rsplit("/", 1)[-1].removesuffix(".java")
    return f"{package[1]}.{name}" if package else name

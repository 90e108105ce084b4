"""Go: all packages of a module; without a go.mod, the packages below the project's folder, or file by file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set

from qlp.models import ProjectCommand
from qlp.validation.inference.alone import runs_alone

NO_MODULE = {"GO111MODULE": "off", "GOFLAGS": ""}
"""Without a go.mod Go still knows packages by their folders, as long as they import only the standard library."""
_MAIN = re.compile(r"^func main\(\)", re.M)
_PACKAGE = re.compile(r"^package (\w+)", re.M)
_OUTSIDE = (
    "os.Args", "flag.", "os.Stdin", "net.", "http.", "bufio.NewReader(os", "os.Getenv", "time.Sleep", "os.Open",
    "os.ReadFile", "os.Exit", "for {", "signal.", "fmt.Scan",
)  # fmt: skip


def environment(paths: Set[str]) -> dict[str, str]:
    return {} if any(p.rsplit("/", 1)[-1] in ("go.mod", "go.work") for p in paths) else dict(NO_MODULE)


def units(paths: Set[str], files: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Arguments of one go command each: all packages, or each program where several share a folder."""
    if not environment(paths):
        return (("./...",),)
    folders: dict[str, list[str]] = defaultdict(list)
    for path in sorted(p for p in files if p.endswith(".go")):
        folders[path.rpartition("/")[0]].append(path)
    alone: list[tuple[str, ...]] = []
    together: list[str] = []
    for folder, names in sorted(folders.items()):
        mains = [n for n in names if _MAIN.search(files[n]) and not n.endswith("_test.go")]
        packages = {m[1].removesuffix("_test") for n in names if (m := _PACKAGE.search(files[n]))}
        if len(mains) > 1 or len(packages) > 1:
            alone += [(f"./{n}",) for n in names if not n.endswith("_test.go")]
        else:
            together.append(f"./{folder}" if folder else ".")
    return ((tuple(together),) if together else ()) + tuple(alone)


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    env = environment(paths)
    made = units(paths, files)
    sources = {p: t for p, t in files.items() if p.endswith(".go")}
    for unit in made:
        argv = ("go", "build", *(("-o", "/dev/null") if env else ()), *unit)
        yield ProjectCommand(purpose="build", argv=argv, env=env)
    if any(p.endswith("_test.go") for p in paths):
        packages = made[0] if made and not made[0][0].endswith(".go") else ("./...",)
        yield ProjectCommand(purpose="test", argv=("go", "test", *packages), env=env)
    mains = [p for p, t in sources.items() if _MAIN.search(t)]
    if len(mains) == 1 and runs_alone("\n".join(sources.values()), _OUTSIDE):
        folder = mains[0].rpartition("/")[0]
        yield ProjectCommand(purpose="run", argv=("go", "run", f"./{folder}"), env=env)

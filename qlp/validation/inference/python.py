"""pip for what requirements.txt names, pytest over what looks like a test, and main.py where it needs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from qlp.models import ProjectCommand
from qlp.validation.inference.alone import runs_alone
from qlp.validation.test_files import is_test

_INSTALL = ("python3", "-m", "pip", "install", "--no-index", "--disable-pip-version-check", "-r", "requirements.txt")
_PYTEST = ("python3", "-m", "pytest", "-q")
_OUTSIDE = (
    "input(", "stdin", "argv", "argparse", "click", "typer", "fire", "socket", "http", "uvicorn", "asyncio", "flask",
    "environ", "getenv", "open(", "Path(", "tkinter", "curses", "pygame", "connect(", "while True", "sleep(", "exit(",
)  # fmt: skip


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    sources = {p: t for p, t in files.items() if p.endswith(".py")}
    if "requirements.txt" in paths:
        yield ProjectCommand(purpose="install", argv=_INSTALL)
    if any(is_test(p) for p in sources):
        roots = import_roots(paths)
        env = {"PYTHONPATH": ":".join(roots)} if roots else {}
        yield ProjectCommand(purpose="test", argv=(*_PYTEST, *_not_collected(sources)), env=env)
    main = files.get("main.py", "")
    if "__main__" in main and runs_alone("\n".join(sources.values()), _OUTSIDE):
        yield ProjectCommand(purpose="run", argv=("python3", "main.py"))


def import_roots(paths: Set[str]) -> tuple[str, ...]:
    """Folders from which the project's modules are imported, besides the root: `src`, or the one folder that holds
    everything."""
    code = [p for p in paths if p.endswith(".py")]
    roots = {p.split("/", 1)[0] for p in code}
    only = next(iter(roots)) if len(roots) == 1 and all("/" in p for p in code) else ""
    found = []
    if only and only != "src" and f"{only}/__init__.py" not in paths and not is_test(f"{only}/x"):
        found.append(only)
    found += [src for src in ("src", f"{only}/src") if any(p.startswith(f"{src}/") for p in code)]
    return tuple(found)


def _not_collected(sources: Mapping[str, str]) -> tuple[str, ...]:
    """Test files that pytest finds only by name, such as tests.py, where there are no others."""
    names = {p: p.rsplit("/", 1)[-1] for p in sources}
    if any(n.startswith("test_") or n.endswith("_test.py") for n in names.values()):
        return ()
    return tuple(sorted(f"./{p}" for p, n in names.items() if is_test(p) and "def test" in sources[p]))

"""Fork mode: `python3 FILE ...` in a fork of the runner's own interpreter, which is up, instead of a new one."""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
import types
from collections.abc import Callable
from typing import Any, NoReturn

_NAMES = ("python3", "python")


def takes(argv: list[str]) -> bool:
    """Whether a command is of the form that fork mode runs."""
    return len(argv) > 1 and argv[0] in _NAMES and not argv[1].startswith("-")


def search_path(env: dict[str, str]) -> list[str]:
    """`sys.path` of the profile's interpreter: the standard library, then the environment's own packages."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    found = [place for place in sys.path if place]
    places = [os.path.join(env.get("VIRTUAL_ENV") or "/nowhere", "lib", version, "site-packages")]
    return found + [place for place in places if os.path.isdir(place)]


def program(argv: list[str], env: dict[str, str], path: list[str]) -> Callable[[], NoReturn]:
    """What a forked child calls to be `python3 FILE ...`."""

    def run() -> NoReturn:
        code = 1
        try:
            _prepare(argv, env, path)
            code = _execute(argv[1])
        finally:
            os._exit(code & 0xFF)

    return run


def _prepare(argv: list[str], env: dict[str, str], path: list[str]) -> None:
    gc.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(env)
    for name in [name for name in sys.modules if name == "qlp" or name.startswith("qlp.")]:
        del sys.modules[name]
    unbuffered = bool(env.get("PYTHONUNBUFFERED"))
    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        raw = io.FileIO(fd, mode, closefd=False)
        errors = "backslashreplace" if fd == 2 else "surrogateescape"
        stream = io.TextIOWrapper(
            io.BufferedReader(raw) if mode == "r" else raw if unbuffered else io.BufferedWriter(raw),
            "utf-8",
            errors,
            line_buffering=fd == 2,
            write_through=unbuffered and mode == "w",
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    script = argv[1]
    sys.argv = argv[1:]
    sys.orig_argv = list(argv)
    sys.path[:] = [os.path.dirname(os.path.abspath(script)), *path]
    sys.path_importer_cache.clear()
    sys.executable = _which(argv[0], env.get("PATH", "")) or sys.executable
    sys.dont_write_bytecode = bool(env.get("PYTHONDONTWRITEBYTECODE"))


def _which(name: str, path: str) -> str | None:
    for folder in path.split(":"):
        if os.access(os.path.join(folder, name), os.X_OK):
            return os.path.join(folder, name)
    return None


def _execute(script: str) -> int:
    """Exit status of the program, as the interpreter's own main gives it."""
    code = 0
    place = os.path.abspath(script)
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=place, __builtins__=__builtins__, __cached__=None)
    sys.modules["__main__"] = main
    try:
        try:
            with open(script, "rb") as file:
                source = file.read()
        except OSError as error:
            why = f"[Errno {error.errno}] {error.strerror}"
            sys.stderr.write(f"{sys.executable}: can't open file {place!r}: {why}\n")
            return 2
        exec(compile(source, place, "exec"), main.__dict__)
    except SystemExit as error:
        code = _exit_code(error.code)
    except BaseException as error:  # noqa: BLE001  what main() of the interpreter does: print it and end with 1
        import traceback

        code = 1
        frames_of_program = error.__traceback__.tb_next if error.__traceback__ else None
        try:
            if sys.excepthook is sys.__excepthook__:
                traceback.print_exception(type(error), error, frames_of_program)
            else:
                sys.excepthook(type(error), error, frames_of_program)
        except BaseException:  # noqa: BLE001  a hook that fails itself
            traceback.print_exc()
    try:
        threading: Any = sys.modules.get("threading")  # not imported by us: it makes every fork slower
        if threading:
            threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  as the interpreter's end: status 120 if the output could not be flushed
        code = code or 120
    return code


def _exit_code(given: object) -> int:
    if given is None:
        return 0
    if isinstance(given, int):
        return given
    sys.stderr.write(f"{given}\n")
    return 1

"""C and C++: CMake and ctest, a Makefile's targets, or the programs that the sources make; all with sanitizers.

A test program is a file with a `main` that is named as a test or lies in a folder of tests; the files without a `main`
are linked to each of them. The sanitizers' runtime turns undefined behaviour and memory errors into failures; leaks
are cppcheck's business, because the leak detector needs ptrace, which the sandbox forbids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Literal

from qlp.models import ProjectCommand
from qlp.validation.inference.alone import runs_alone

C_SUFFIXES = (".c",)
CPP_SUFFIXES = (".cpp", ".cc", ".cxx", ".c++", ".C")
HEADERS = (".h", ".hpp", ".hh", ".hxx", ".inl", ".ipp")
SANITIZE = ("-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
SANITIZED = {
    "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=32:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=0:halt_on_error=1",
}
_BUILD = ".qlp/build"
_MAIN = re.compile(r"^[ \t]*(?:extern[ \t]+\"C\"[ \t]+)?(?:int|auto|void|signed)[ \t\n]+main[ \t]*\(", re.M)
_TEST_NAME = re.compile(r"(?:^|/)(?:tests?[_-][^/]*|[^/]*[_-]tests?|tests?|[^/]*Tests?)\.(?:c|cc|cpp|cxx|c\+\+|C)$")
_TEST_FOLDER = re.compile(r"(?:^|/)(?:tests?|spec)/")
_CTEST = re.compile(r"add_test|enable_testing|include\s*\(\s*CTest")
_STANDARD = {
    "c": (re.compile(r"C_STANDARD\s+(\d+)|\bc_std_(\d+)|-std=(?:c|gnu)(\d\w)\b"), "gnu17", "gnu"),
    "c++": (re.compile(r"CXX_STANDARD\s+(\d+)|\bcxx_std_(\d+)|-std=(?:c|gnu)\+\+(\d\w)\b"), "gnu++20", "gnu++"),
}
_KNOWN = {
    "c": ("89", "90", "99", "11", "17", "18", "2x"),
    "c++": ("98", "03", "11", "14", "17", "20", "23", "2a", "2b"),
}
_LATE = {"23": "2x"}
_OUTSIDE = (
    "argv", "scanf", "fgets(", "getchar", "std::cin", "getline", "cin >>", "stdin", "socket(", "listen(", "getenv",
    "fopen", "ifstream", "while (1)", "while(1)", "while (true)", "for (;;)", "sleep(", "exit(", "getch", "termios",
    "SDL_",
)  # fmt: skip


def standard(language: str, files: Mapping[str, str]) -> str:
    """What the build files ask for, else the newest that programs without one are usually written for."""
    pattern, otherwise, prefix = _STANDARD[language]
    for path, text in sorted(files.items()):
        if path.rsplit("/", 1)[-1] in ("CMakeLists.txt", "Makefile", "makefile", "meson.build"):
            for found in pattern.finditer(text):
                said = next(g for g in found.groups() if g)
                if said in _KNOWN[language] or (language == "c" and said in _LATE):
                    return prefix + (_LATE.get(said, said) if language == "c" else said)
    return otherwise


def includes(paths: Iterable[str]) -> tuple[str, ...]:
    """-I for the folders that are meant for it, -iquote for others that hold headers: they must not hide a system
    header of the same name."""
    folders = {p.rpartition("/")[0] or "." for p in paths if p.endswith(HEADERS)}
    open_ = {".", "include", "src"} | {f for f in folders if f.rsplit("/", 1)[-1] in ("include", "inc")}
    open_ |= {f"{m[1]}" for p in paths if p.endswith(HEADERS) and (m := re.match(r"(.*?(?:^|/)include)/", p))}
    named = tuple(f"-I{f}" for f in sorted(open_ & (folders | {"."} | _parents(folders))))
    return named + tuple(w for f in sorted(folders - open_) for w in ("-iquote", f))


def _parents(folders: Iterable[str]) -> set[str]:
    return {"/".join(f.split("/")[:n]) for f in folders for n in range(1, f.count("/") + 2)}


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    if "CMakeLists.txt" in paths and _CTEST.search(_all(files, "CMakeLists.txt")):
        yield from _cmake()
        return
    rules = next((files[name] for name in ("Makefile", "makefile") if name in files), "")
    target = re.search(r"^(test|check)[ \t]*:", rules, re.M)
    if target:
        compilers = tuple(f"{name}={' '.join((tool, *SANITIZE))}" for name, tool in (("CC", "gcc"), ("CXX", "g++")))
        yield ProjectCommand(purpose="test", argv=("make", target[1], *compilers), env=SANITIZED)
        return
    yield from _programs(files)


def _all(files: Mapping[str, str], name: str) -> str:
    return "\n".join(t for p, t in files.items() if p.rsplit("/", 1)[-1] == name)


def _cmake() -> Iterator[ProjectCommand]:
    env = {"CC": " ".join(("gcc", *SANITIZE)), "CXX": " ".join(("g++", *SANITIZE)), **SANITIZED}
    configure = ("cmake", "-S", ".", "-B", _BUILD, "-DCMAKE_BUILD_TYPE=Debug", "-DFETCHCONTENT_FULLY_DISCONNECTED=ON")
    yield ProjectCommand(purpose="build", argv=configure, env=env)
    yield ProjectCommand(purpose="build", argv=("cmake", "--build", _BUILD, "-j2"), env=env)
    run = f"ctest --test-dir {_BUILD} --output-on-failure --no-tests=error --timeout 60"
    test = f"cmake --build {_BUILD} -j2 >&2 && exec {run}"
    yield ProjectCommand(purpose="test", argv=("sh", "-c", test), env=env)


def _programs(files: Mapping[str, str]) -> Iterator[ProjectCommand]:
    sources = {p: t for p, t in sorted(files.items()) if p.endswith(C_SUFFIXES + CPP_SUFFIXES)}
    mains = [p for p, t in sources.items() if _MAIN.search(_without_comments(t))]
    tests = [p for p in mains if _TEST_NAME.search(p) or _TEST_FOLDER.search(p)]
    programs = [p for p in mains if p not in tests]
    shared = [p for p in sources if p not in mains]
    if tests:
        steps = [*_shared(shared, files), *(_program(p, shared, files, run=True) for p in tests)]
        yield _command("test", steps)
    # Programs named as tests only by their folder still count above; the rest must at least link.
    own = [p for p in shared if not (_TEST_NAME.search(p) or _TEST_FOLDER.search(p))]
    yield _command("build", [*_shared(own, files), *(_program(p, own, files, run=False) for p in programs)])
    if len(programs) == 1 and runs_alone("\n".join(sources.values()), _OUTSIDE):
        yield ProjectCommand(purpose="run", argv=(_out(programs[0]),), env=SANITIZED)


def _command(purpose: Literal["build", "test"], steps: Sequence[Mapping[str, object]]) -> ProjectCommand:
    argv = ("python3", ".qlp/programs.py", *(json.dumps(step) for step in steps))
    return ProjectCommand(purpose=purpose, argv=argv, env=SANITIZED)


def _compiler(path: str, files: Mapping[str, str]) -> tuple[str, ...]:
    language = "c" if path.endswith(C_SUFFIXES) else "c++"
    tool = "gcc" if language == "c" else "g++"
    return (tool, f"-std={standard(language, files)}", "-w", "-O1", *SANITIZE, "-pthread", *includes(files))


def _shared(shared: Sequence[str], files: Mapping[str, str]) -> Iterator[dict[str, object]]:
    yield {"list": "headers", "add": [p for p in sorted(files) if p.endswith(HEADERS)]}
    for path in shared:
        argv = [*_compiler(path, files), "-c", "-o", "{out}", f"./{path}"]
        yield {"object": path, "argv": argv, "reads": ["@headers"]}


def _program(path: str, shared: Sequence[str], files: Mapping[str, str], *, run: bool) -> dict[str, object]:
    """Linked by g++ if any part of it is C++. A test that includes a source file would define its names twice."""
    linker = "c++" if any(p.endswith(CPP_SUFFIXES) for p in (path, *shared)) else "c"
    argv = list(_compiler(path, files))
    argv[0] = "g++" if linker == "c++" else argv[0]
    if linker == "c++" and path.endswith(C_SUFFIXES):
        argv = ["gcc", *argv[1:], "-lstdc++"]
    included = re.findall(r'^\s*#\s*include\s+"([^"]+\.(?:c|cc|cpp|cxx))"', files[path], re.M)
    parts = ["@objects"]
    if included:
        names = {name.rsplit("/", 1)[-1] for name in included}
        parts = [f"./{p}" for p in shared if p.rsplit("/", 1)[-1] not in names]
    build = [argv[0], *argv[1:], "-o", _out(path), f"./{path}", *parts, "-lm"]
    return {"program": path, "build": build, **({"argv": [_out(path)]} if run else {})}


def _out(path: str) -> str:
    return ".qlp/objects/" + path.replace("/", "-") + ".bin"


def _without_comments(text: str) -> str:
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)

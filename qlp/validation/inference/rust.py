"""Rust: cargo where there is a manifest, else one program or library for each file that no other one includes."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterable, Mapping, Set

from qlp.models import ProjectCommand
from qlp.validation.inference.alone import runs_alone

ENV = {
    "CARGO_TARGET_DIR": ".qlp/target",
    "CARGO_INCREMENTAL": "0",
    "CARGO_PROFILE_DEV_DEBUG": "0",
    "CARGO_PROFILE_TEST_DEBUG": "0",
    "CARGO_TERM_COLOR": "never",
}
"""One target folder for check, clippy, build and test; without what only a debugger or the next edit would read."""
_MOD = re.compile(
    r"^\s*(?:#\[path\s*=\s*\"(?P<path>[^\"]+)\"\]\s*)?(?:pub(?:\([^)]*\))?\s+)?mod\s+(?P<name>\w+)\s*;", re.M
)
_MAIN = re.compile(r"^\s*(?:pub\s+)?(?:async\s+)?fn\s+main\s*\(", re.M)
_TEST = re.compile(r"#\[(?:\w+::)?test\b")
_OUTSIDE = (
    "env::args", "stdin", "TcpListener", "TcpStream", "UdpSocket", "loop {", "thread::sleep", "process::exit",
    "env::var", "File::open", "read_to_string",
)  # fmt: skip
_EACH = (
    'mkdir -p .qlp/rust; rc=0; i=0; for f in "$@"; do i=$((i+1));'
    ' rustc --edition={edition} {options} "$f" {then} || rc=1; done; exit $rc'
)


def edition(files: Mapping[str, str]) -> str:
    """What the manifest says; 2021 where there is none."""
    try:
        package = tomllib.loads(files.get("Cargo.toml", "")).get("package", {})
    except tomllib.TOMLDecodeError:
        return "2021"
    said = package.get("edition", "2015" if package else "2021") if isinstance(package, dict) else "2021"
    return said if said in ("2015", "2018", "2021") else "2021"


def roots(files: Mapping[str, str]) -> tuple[str, ...]:
    """Files that no `mod name;` of another file names: each is a crate of its own when there is no manifest."""
    sources = {p: t for p, t in files.items() if p.endswith(".rs")}
    included: set[str] = set()
    for path, text in sources.items():
        folder, name = posixpath.split(path)
        inner = folder if name in ("main.rs", "lib.rs", "mod.rs") else posixpath.join(folder, name.removesuffix(".rs"))
        for found in _MOD.finditer(text):
            if found["path"]:
                included.add(posixpath.normpath(posixpath.join(folder, found["path"])))
                continue
            for base in dict.fromkeys((inner, folder)):
                included |= {posixpath.join(base, f"{found['name']}.rs"), posixpath.join(base, found["name"], "mod.rs")}
    return tuple(sorted(p for p in sources if p not in included))


def commands(paths: Set[str], files: Mapping[str, str]) -> Iterable[ProjectCommand]:
    sources = {p: t for p, t in files.items() if p.endswith(".rs")}
    text = "\n".join(sources.values())
    alone = runs_alone(text, _OUTSIDE)
    if "Cargo.toml" in paths:
        yield ProjectCommand(purpose="build", argv=("cargo", "build", "--offline"), env=ENV)
        if _TEST.search(text):
            yield ProjectCommand(purpose="test", argv=("cargo", "test", "--offline", "--no-fail-fast"), env=ENV)
        binaries = [p for p in sources if p == "src/main.rs" or p.startswith("src/bin/")]
        if len(binaries) == 1 and alone:
            yield ProjectCommand(purpose="run", argv=("cargo", "run", "--offline", "--quiet"), env=ENV)
        return
    crates = roots(files)
    programs = tuple(f"./{p}" for p in crates if _MAIN.search(sources[p]))
    libraries = tuple(f"./{p}" for p in crates if not _MAIN.search(sources[p]))
    year = edition(files)
    if _TEST.search(text):
        each = each_crate(year, "--test -o .qlp/rust/test$i", "&& .qlp/rust/test$i")
        yield ProjectCommand(purpose="test", argv=("sh", "-c", each, "sh", *programs, *libraries))
    if programs:
        each = each_crate(year, "--crate-name=program -o .qlp/rust/program$i", "")
        yield ProjectCommand(purpose="build", argv=("sh", "-c", each, "sh", *programs))
        if len(programs) == 1 and alone:
            yield ProjectCommand(purpose="run", argv=(".qlp/rust/program1",))
    elif libraries:
        each = each_crate(year, "--crate-type=lib --out-dir .qlp/rust", "")
        yield ProjectCommand(purpose="build", argv=("sh", "-c", each, "sh", *libraries))


def each_crate(edition: str, options: str, then: str) -> str:
    """A shell script that compiles each of its arguments; fails if one of them did."""
    return _EACH.format(edition=edition, options=options, then=then).replace("  ", " ")

"""Rust: rustc's parser for syntax, cargo check for types, rustfmt and clippy for style, cargo test; all offline.

A project without a manifest is compiled file by file: see qlp/validation/inference/rust.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.inference import rust as inference
from qlp.validation.parsers.libtest import libtest
from qlp.validation.parsers.rustc import clippy, rustc_syntax, rustc_types
from qlp.validation.parsers.rustfmt import rustfmt
from qlp.validation.project import Project
from qlp.validation.toolchains._encoding import argument, encoding_checks
from qlp.validation.toolchains._sources import find_sources

_PARSE = (
    'rc=0; for f in "$@"; do rustc --edition={edition} --crate-name=parsed --error-format=json -Zparse-only "$f"'
    " || rc=1; done; exit $rc"
)
"""`-Zparse-only` needs RUSTC_BOOTSTRAP=1, the documented way to use a nightly option of the release that is there."""
_CHECK = "--error-format=json --test --crate-name=checked --emit=metadata -o .qlp/rust/check$i"


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = find_sources(project, (".rs",))
    if not sources:
        return {}
    bad = encoding_checks(sources.unreadable)
    if not sources.text:
        nothing = Skip("no source file of this project is text")
        return {"syntax": bad, "style": nothing, "types": nothing, "tests": nothing}
    edition = inference.edition(project.text)
    parse = Command(
        argv=("sh", "-c", _PARSE.format(edition=edition), "sh", *sources.arguments),
        env={"RUSTC_BOOTSTRAP": "1"},
        wall_s=120,
    )
    fmt = ("rustfmt", "--edition", edition, "--check", "-l", "--config", "skip_children=true", *sources.our_arguments)
    types, lint = _cargo() if "Cargo.toml" in project.text else _bare(project, edition)
    return {
        "syntax": (Check("rustc", parse, rustc_syntax), *bad),
        "types": (types,),
        "style": (Check("rustfmt", Command(argv=fmt, wall_s=60), rustfmt), lint),
        "tests": _tests(project),
    }


def _cargo() -> tuple[Check, Check]:
    options = ("--offline", "--all-targets", "--message-format=json", "-q")
    return (
        Check("cargo", Command(argv=("cargo", "check", *options), env=inference.ENV, wall_s=240), rustc_types),
        Check("clippy", Command(argv=("cargo", "clippy", *options), env=inference.ENV, wall_s=240), clippy),
    )


def _bare(project: Project, edition: str) -> tuple[Check, Check]:
    crates = tuple(map(argument, inference.roots(project.text)))
    check = inference.each_crate(edition, _CHECK, "")
    lint = check.replace("rustc ", "clippy-driver ").replace("/check$i", "/lint$i")
    return (
        Check("rustc", Command(argv=("sh", "-c", check, "sh", *crates), wall_s=180), rustc_types),
        Check("clippy", Command(argv=("sh", "-c", lint, "sh", *crates), wall_s=180), clippy),
    )


def _tests(project: Project) -> StagePlan:
    test = project.contract.command("test")
    if test is None:
        return Skip("no test was given or generated")
    words = " ".join(test.argv)
    harness = test.argv[:2] == ("cargo", "test") or "rustc" in words
    env = {**inference.ENV, **test.env} if test.argv[0] == "cargo" else dict(test.env)
    parse = libtest if harness else readings.exit_code("tests")
    return (Check("cargo" if test.argv[0] == "cargo" else "rustc", Command(argv=test.argv, env=env), parse),)


_VERSIONS = """
for t in rustc cargo rustfmt; do set -- $($t --version); echo "$t ${2%-stable}"; done
set -- $(clippy-driver --version); echo "clippy $2"
python3 -c 'import platform; print("python3", platform.python_version())'
"""

RUST = Toolchain(
    name="rust",
    profile="rust",
    languages=("rust",),
    plan=_plan,
    versions=Command(argv=("sh", "-c", _VERSIONS), wall_s=30),
    trees={".rs": "rust"},
)

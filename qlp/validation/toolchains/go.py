"""Go: gofmt -e for syntax, gofmt -l for style, go build and go vet for types, go test.

There is no race detector: it needs cgo. Seeds of fuzz tests run as tests.
"""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.inference import go as inference
from qlp.validation.parsers.golang import go_build, go_syntax, go_test, go_vet, gofmt
from qlp.validation.project import Project
from qlp.validation.toolchains._encoding import encoding_checks
from qlp.validation.toolchains._sources import find_sources


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = find_sources(project, (".go",))
    if not sources:
        return {}
    bad = encoding_checks(sources.unreadable)
    if not sources.text:
        nothing = Skip("no source file of this project is text")
        return {"syntax": bad, "style": nothing, "types": nothing, "tests": nothing}
    paths = frozenset(project.paths)
    env = inference.environment(paths)
    types = []
    for unit in inference.units(paths, project.text):
        build = ("go", "build", "-o", "/dev/null", *unit)
        types.append(Check("go", Command(argv=build, env=env, wall_s=180), go_build))
        types.append(Check("vet", Command(argv=("go", "vet", *unit), env=env, wall_s=180), go_vet))
    return {
        "syntax": (
            Check(
                "gofmt",
                Command(argv=("gofmt", "-e", "-l", *sources.arguments), wall_s=30),
                go_syntax,
            ),
            *bad,
        ),
        "style": (Check("gofmt", Command(argv=("gofmt", "-l", *sources.our_arguments), wall_s=30), gofmt),),
        "types": tuple(types),
        "security": Skip("no security analyser for go is in the sandbox image"),
        "tests": _tests(project, sources.text),
    }


def _tests(project: Project, sources: tuple[str, ...]) -> StagePlan:
    test = project.contract.command("test")
    if test is None or not any(p.endswith("_test.go") for p in sources):
        return Skip("no test was given or generated")
    plain = test.argv[:2] == ("go", "test")
    argv = ("go", "test", "-v", *test.argv[2:]) if plain else test.argv
    parse = go_test if plain else readings.exit_code("tests")
    return (Check("go", Command(argv=argv, env=dict(test.env)), parse),)


GO = Toolchain(
    name="go",
    profile="go",
    languages=("go",),
    plan=_plan,
    versions=Command(
        argv=(
            "sh",
            "-c",
            "v=$(go env GOVERSION); for t in go gofmt vet; do echo $t ${v#go}; done;"
            " python3 -c 'import platform; print(\"python3\", platform.python_version())'",
        ),
        wall_s=20,
    ),
    trees={".go": "go"},
)

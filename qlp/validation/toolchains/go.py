"""Go: gofmt -e for syntax, gofmt -l for style, go vet for types, go test."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.project import Project


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    files, contract = project.text, project.contract
    sources = tuple(sorted(p for p in files if p.endswith(".go")))
    if not sources:
        return {}
    ours = tuple(p for p in sources if p not in contract.given) or sources
    test = contract.command("test")
    tests: StagePlan = Skip("no test was given or generated")
    if test is not None and any(p.endswith("_test.go") for p in sources):
        go_test = test.argv[:2] == ("go", "test")
        argv = ("go", "test", "-v", *test.argv[2:]) if go_test else test.argv
        parse = readings.go_test if go_test else readings.exit_code("tests")
        tests = (Check("go", Command(argv=argv, env=dict(test.env)), parse),)
    return {
        "syntax": (
            Check(
                "gofmt",
                Command(argv=("gofmt", "-e", "-l", *sources), wall_s=30),
                readings.go_positions("syntax-error", "critical"),
            ),
        ),
        "style": (Check("gofmt", Command(argv=("gofmt", "-l", *ours), wall_s=30), readings.gofmt_list),),
        "types": (
            Check("vet", Command(argv=("go", "vet", "./..."), wall_s=180), readings.go_positions("vet", "medium")),
        ),
        "security": Skip("no security analyser for go is in the sandbox image"),
        "tests": tests,
    }


GO = Toolchain(
    name="go",
    profile="go",
    languages=("go",),
    plan=_plan,
    versions=Command(
        argv=("sh", "-c", "v=$(go env GOVERSION); for t in go gofmt vet; do echo $t ${v#go}; done"), wall_s=20
    ),
    trees={".go": "go"},
)

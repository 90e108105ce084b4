"""Ruby: its compiler for syntax and warnings, rubocop, minitest or rspec. A project's own .rubocop.yml is respected."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import ProjectCommand, Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.parsers.rubocop import rubocop
from qlp.validation.parsers.ruby_tests import minitest, rspec
from qlp.validation.project import Project
from qlp.validation.toolchains._own import dotted, has_shebang, lintable, own_check, planned, test_commands, versions
from qlp.validation.toolchains._support import support

_NAMES = ("Rakefile", "Gemfile", "config.ru", "Guardfile", "Vagrantfile")
_RUBY = ("ruby", "--disable-gems")
_RUBOCOP = ("rubocop", "--format", "emacs", "--cache", "false", "--no-server", "--force-exclusion")


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    named = project.of((".rb", ".rake", ".gemspec"), _NAMES)
    bare = (p for p, t in project.text.items() if "." not in p.rsplit("/", 1)[-1] and has_shebang(t, "ruby"))
    sources = tuple(sorted({*named, *bare}))
    if not sources:
        return {}
    ours = lintable(project, sources)
    config = () if ".rubocop.yml" in project.text else ("--config", ".qlp/rubocop.yml")

    def cops(*more: str) -> tuple[Check, ...]:
        command = Command(argv=(*_RUBOCOP, *config, *more, "--"), wall_s=120)
        return (Check("rubocop", command, rubocop, paths=dotted(ours)),) if ours else ()

    tests = tuple(_test(c) for c in test_commands(project.contract))
    return planned(
        {
            "syntax": (own_check("ruby_syntax.rb", "syntax", sources, tool="ruby", interpreter=_RUBY),),
            "style": (
                own_check("ruby_syntax.rb", "warnings", ours, tool="ruby", interpreter=_RUBY),
                *cops("--except", "Security"),
            ),
            "types": Skip("ruby declares no types", applicable=False),
            "security": cops("--only", "Security"),
            "tests": tests or Skip("no test was given or generated"),
        }
    )


def _test(test: ProjectCommand) -> Check:
    env = dict(test.env)
    if any(a.rsplit("/", 1)[-1] == "rspec" for a in test.argv):
        return Check("rspec", Command(argv=test.argv, env=env), rspec)
    if test.argv[0] in ("ruby", "rake", "bundle"):
        return Check("ruby", Command(argv=test.argv, env=env), minitest)
    return Check(test.argv[0], Command(argv=test.argv, env=env), readings.exit_code("tests"))


RUBY = Toolchain(
    name="ruby",
    profile="scripts",
    languages=("ruby",),
    plan=_plan,
    versions=versions(
        "echo ruby $(ruby -e 'print RUBY_VERSION'); echo rubocop $(rubocop -v); "
        "echo rspec $(rspec --version | sed -n 's/.*rspec-core //p'); "
        "echo minitest $(ruby -e 'require %q(minitest); print Minitest::VERSION')"
    ),
    support=support("ruby_syntax.rb", "rubocop.yml"),
    trees={".rb": "ruby", ".rake": "ruby", ".gemspec": "ruby", "Gemfile": "ruby", "Rakefile": "ruby"},
)

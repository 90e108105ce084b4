"""PHP: php -l, phpcs, our own check of names and signatures, phpunit. A project's own phpcs.xml is respected."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import ProjectCommand, Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.parsers.phpcs import phpcs
from qlp.validation.parsers.phpunit import phpunit
from qlp.validation.project import Project
from qlp.validation.toolchains._own import dotted, has_shebang, lintable, own_check, planned, test_commands, versions
from qlp.validation.toolchains._support import support

_CONFIGS = ("phpcs.xml", ".phpcs.xml", "phpcs.xml.dist", ".phpcs.xml.dist")
_PHPCS = ("phpcs", "-s", "-q", "--report=emacs", "--no-cache", "--basepath=.", "--extensions=php,inc,phtml,phps")


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    named = project.of((".php", ".phtml", ".inc"))
    bare = (p for p, t in project.text.items() if "." not in p.rsplit("/", 1)[-1] and has_shebang(t, "php"))
    every = sorted({*(p for p in named if _is_php(project, p)), *bare})
    sources = tuple(p for p in every if not p.startswith("vendor/") and "/vendor/" not in p)
    if not sources:
        return {}
    ours = lintable(project, sources)
    standard = next((name for name in _CONFIGS if name in project.text), ".qlp/phpcs.xml")
    style = Command(argv=(*_PHPCS, f"--standard={standard}", "--"), wall_s=120)
    tests = tuple(_test(project, c) for c in test_commands(project.contract))
    return planned(
        {
            "syntax": (own_check("script_syntax.py", "php", sources, tool="php", wall_s=120),),
            "style": (Check("phpcs", style, phpcs, paths=dotted(ours)),) if ours else (),
            "types": (own_check("php_names.php", "types", sources, tool="php_names", interpreter=_NAMES),),
            "tests": tests or Skip("no test was given or generated"),
        }
    )


_NAMES = ("php", "-d", "memory_limit=768M")


def _is_php(project: Project, path: str) -> bool:
    """`.inc` and `.phtml` may be something else."""
    return path.endswith(".php") or "<?php" in project.text.get(path, "") or "<?=" in project.text.get(path, "")


def _test(project: Project, test: ProjectCommand) -> Check:
    env = dict(test.env)
    name = test.argv[0].rsplit("/", 1)[-1]
    if name != "phpunit":
        return Check(test.argv[0], Command(argv=test.argv, env=env), readings.exit_code("tests"))
    own = any(a.startswith("--bootstrap") for a in test.argv) or "vendor/autoload.php" in project.paths
    more = () if own or "composer.json" not in project.paths else ("--bootstrap", ".qlp/php_autoload.php")
    return Check("phpunit", Command(argv=(test.argv[0], *more, *test.argv[1:]), env=env), phpunit)


PHP = Toolchain(
    name="php",
    profile="scripts",
    languages=("php",),
    plan=_plan,
    versions=versions(
        "echo php $(php -r 'echo PHP_VERSION;'); "
        "echo phpcs $(phpcs --version | sed -n 's/.*version \\([0-9.]*\\).*/\\1/p'); "
        "echo phpunit $(phpunit --version | sed -n 's/PHPUnit \\([0-9.]*\\).*/\\1/p')",
        "php_names.php",
    ),
    support=support("qlp_report.py", "script_syntax.py", "phpcs.xml", "php_autoload.php", "php_names.php"),
    trees={".php": "php", ".phtml": "php"},
)

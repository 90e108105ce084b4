"""Java: javac stopped after parsing for syntax, javac -Xlint:all for types, checkstyle for style, JUnit 5 and 4."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.sandbox.recipes import JAVAC
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.inference.java import compile_path
from qlp.validation.parsers.checkstyle import checkstyle
from qlp.validation.parsers.javac import LAYOUT, javac_syntax, javac_types
from qlp.validation.parsers.junit import junit
from qlp.validation.parsers.programs import programs
from qlp.validation.project import Project
from qlp.validation.toolchains._encoding import encoding_checks
from qlp.validation.toolchains._sources import find_sources
from qlp.validation.toolchains._support import support

_DEEP = "-J-Xss64m"
"""javac's parser recurses: its thread's stack must hold what people write (long sums of strings)."""
_PARSE_ONLY = ("-XDshould-stop.ifNoError=PARSE", "-XDshould-stop.ifError=PARSE")
_CHECK_ONLY = ("-XDshould-stop.ifNoError=FLOW", "-XDshould-stop.ifError=FLOW", "-implicit:none")
"""Types, definite assignment, reachability and exceptions, and no class files."""
_LINT = "-Xlint:all,-options,-path,-processing,-classfile,-serial,-requires-automatic,-module"
_JARS = (
    "antlr4-runtime", "commons-lang3", "commons-beanutils", "commons-collections3", "guava", "commons-logging",
    "picocli", "Saxon-HE", "reflections", "checkstyle",
)  # fmt: skip
_CHECKSTYLE = (
    "python3", ".qlp/java_style.py", "java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
    "-Xss16m", "-Xmx512m",
    "-cp", ":".join(f"/usr/share/java/{jar}.jar" for jar in _JARS), "com.puppycrawl.tools.checkstyle.Main",
    "-c", ".qlp/checkstyle.xml",
)  # fmt: skip
"""Debian's own wrapper finds the same jars with a shell script that costs as much as the check."""


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = find_sources(project, (".java",))
    if not sources:
        return {}
    bad = encoding_checks(sources.unreadable)
    if not sources.text:
        nothing = Skip("no source file of this project is text")
        return {"syntax": bad, "style": nothing, "types": nothing, "tests": nothing}
    classes = ("-cp", compile_path(project.paths))
    # A module's own declaration would hide JUnit and everything else that is on the class path.
    typed = tuple(p for p in sources.arguments if not p.endswith("/module-info.java"))
    parse = (*JAVAC, _DEEP, *_PARSE_ONLY, *LAYOUT, "-Xmaxerrs", "100", *sources.arguments)
    check = (*JAVAC, _DEEP, *_CHECK_ONLY, *LAYOUT, "-Xmaxerrs", "200", _LINT, *classes, *typed)
    return {
        "syntax": (Check("javac", Command(argv=parse, wall_s=60), javac_syntax), *bad),
        "types": (Check("javac", Command(argv=check, wall_s=120), javac_types),)
        if typed
        else Skip("the project declares a module and nothing else"),
        "style": (
            Check("checkstyle", Command(argv=(*_CHECKSTYLE, "--", *sources.our_arguments), wall_s=120), checkstyle),
        ),
        "tests": _tests(project),
    }


def _tests(project: Project) -> StagePlan:
    test = project.contract.command("test")
    if test is None:
        return Skip("no test was given or generated")
    words = " ".join(test.argv)
    parse = junit if "ConsoleLauncher" in words else programs if "programs.py" in words else readings.exit_code("tests")
    return (Check("junit" if parse is junit else "java", Command(argv=test.argv, env=dict(test.env)), parse),)


_VERSIONS = """
v=$(javac -version 2>&1); echo "javac ${v#javac }"; echo "java ${v#javac }"
for t in checkstyle junit-jupiter-api; do
  f=$(ls /usr/share/java/$t-[0-9]*.jar | head -n 1); v=${f##*/$t-}; [ $t = checkstyle ] || t=junit; echo "$t ${v%.jar}"
done
python3 -c 'import platform; print("python3", platform.python_version())'
"""

JAVA = Toolchain(
    name="java",
    profile="java",
    languages=("java",),
    plan=_plan,
    versions=Command(argv=("sh", "-c", _VERSIONS), wall_s=30),
    support=support("checkstyle.xml", "java_style.py", "programs.py"),
    trees={".java": "java"},
)

"""The table of languages: one row says which profile serves a language and how it is compiled, run and tested.

`{...}` in a row's commands are filled by `program_job` (languages.py): {entry} the file to run, {sources} the project's
source files, {tests} its test files, {args} the program's arguments, {module} the entry's class (Java), {package} what
is built (Go), {NAMEFLAGS} the flags that the caller's variable of that name holds.
"""

from __future__ import annotations

from qlp.models._base import Frozen

OUT = ".qlp"
"""Workspace folder of what the compile step makes; callers may not put files there."""
_PROGRAM = f"{OUT}/program"
_TSX = "/opt/qlp/node/node_modules/tsx/dist/loader.mjs"
JUNIT = "/opt/qlp/java/junit/*"
JVM = 'exec java -Xmx"$((${QLP_MEMORY_MB:-1024} * 5 / 8))"m -XX:+UseSerialGC -Xshare:auto "$@"'
"""The JVM does not see a job's control group: left alone it sizes its heap by the machine and is killed for it."""
JAVAC = (
    "javac", "-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1", "-J-Xshare:auto",
    "-J-XX:SharedArchiveFile=/opt/qlp/java/javac.jsa", "-proc:none", "-encoding", "UTF-8",
)  # fmt: skip
_JAVAC = (*JAVAC, "-nowarn", "-d", f"{OUT}/classes")
_RUBY_TESTS = "files = ARGV.shift(ARGV.index('--')); ARGV.shift; files.each { |file| require File.expand_path(file) }"


class Recipe(Frozen):
    """How one language is compiled, run and tested."""

    name: str
    title: str
    profile: str
    main: str
    """File that holds a program sent as one text."""
    suffixes: tuple[str, ...]
    run: tuple[str, ...]
    compile: tuple[str, ...] = ()
    """Empty: the run step reads the sources."""
    aliases: tuple[str, ...] = ()
    test_aliases: tuple[str, ...] = ()
    """Names that mean this language's test command."""
    test_main: str = ""
    """File that holds a test sent as one text; empty means `main`."""
    test_files: tuple[str, ...] = ()
    """Names of test files (fnmatch on the last part of the path)."""
    test_compile: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    """Empty: the program is its own test, and its exit code the verdict."""
    env: dict[str, str] = {}
    flags: dict[str, str] = {}
    """Placeholder -> flags used when the caller's variable of that name is not set."""


RECIPES: tuple[Recipe, ...] = (
    Recipe(
        name="python", title="Python", profile="python", aliases=("py", "python3"), test_aliases=("pytest",),
        main="main.py", suffixes=(".py",), run=("python3", "{entry}", "{args}"),
        test_main="test_main.py", test_files=("test_*.py", "*_test.py"),
        test=("python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "{tests}", "{args}"),
    ),
    Recipe(
        name="javascript", title="JavaScript", profile="node", aliases=("js", "nodejs", "node"),
        main="main.js", suffixes=(".js", ".mjs", ".cjs"), run=("node", "{entry}", "{args}"),
        test_main="main.test.js", test_files=("*.test.*js", "*.spec.*js", "test.*js", "test-*.*js", "*_test.*js"),
        test=("node", "--test", "{args}", "{tests}"),
    ),
    Recipe(
        name="typescript", title="TypeScript", profile="node", aliases=("ts",),
        main="main.ts", suffixes=(".ts", ".mts", ".cts", ".tsx"), run=("node", "--import", _TSX, "{entry}", "{args}"),
        test_main="main.test.ts", test_files=("*.test.*ts", "*.spec.*ts", "*_test.*ts"),
        test=("node", "--import", _TSX, "--test", "{args}", "{tests}"),
    ),
    Recipe(
        name="go", title="Go", profile="go", aliases=("golang",), test_aliases=("go_test",),
        main="main.go", suffixes=(".go",),
        compile=("go", "build", "-o", _PROGRAM, "{package}"), run=(_PROGRAM, "{args}"),
        test_main="main_test.go", test_files=("*_test.go",), test=("go", "test", "{args}", "./..."),
    ),
    Recipe(
        name="java", title="Java", profile="java", test_aliases=("junit",), main="Main.java", suffixes=(".java",),
        compile=(*_JAVAC, "-cp", f".:{JUNIT}", "{sources}"),
        run=("sh", "-c", JVM, "java", "-ea", "-cp", f"{OUT}/classes:.:{JUNIT}", "{module}", "{args}"),
        test_main="MainTest.java", test_files=("*Test.java", "*Tests.java", "Test*.java", "*TestCase.java"),
        test=(
            "sh", "-c", JVM, "java", "-ea", "-cp", f"{OUT}/classes:.:{JUNIT}",
            "org.junit.platform.console.ConsoleLauncher", "--disable-banner", "--disable-ansi-colors",
            "--include-classname=.*", f"--scan-classpath={OUT}/classes", "{args}",
        ),
    ),
    Recipe(
        name="rust", title="Rust", profile="rust", aliases=("rs",), main="main.rs", suffixes=(".rs",),
        compile=("rustc", "--edition=2021", "{RUSTFLAGS}", "-o", _PROGRAM, "{entry}"), run=(_PROGRAM, "{args}"),
        test_files=("test_*.rs", "*_test.rs", "lib.rs", "main.rs"),
        test_compile=("rustc", "--edition=2021", "--test", "{RUSTFLAGS}", "-o", _PROGRAM, "{entry}"),
        test=(_PROGRAM, "{args}"), flags={"RUSTFLAGS": "-O"},
    ),
    Recipe(
        name="c", title="C", profile="c", main="main.c", suffixes=(".c",),
        compile=("gcc", "{CFLAGS}", "-I.", "-Iinclude", "-Isrc", "-o", _PROGRAM, "{sources}", "-lm", "-pthread"),
        run=(_PROGRAM, "{args}"), test_files=("test_*.c", "*_test.c"), flags={"CFLAGS": "-O2 -std=gnu17"},
    ),
    Recipe(
        name="c++", title="C++", profile="c", aliases=("cpp", "cxx", "cc", "cplusplus"),
        main="main.cpp", suffixes=(".cpp", ".cc", ".cxx", ".c++", ".C"),
        compile=("g++", "{CXXFLAGS}", "-pthread", "-I.", "-Iinclude", "-Isrc", "-I/opt/qlp/c/include",
            "-o", _PROGRAM, "{sources}"),
        run=(_PROGRAM, "{args}"),
        test_files=("test_*.c*", "*_test.c*", "*_test.C"), flags={"CXXFLAGS": "-O2 -std=gnu++17"},
    ),
    Recipe(
        name="c#", title="C#", profile="mono", aliases=("csharp", "cs", "mono"), main="Program.cs", suffixes=(".cs",),
        compile=("mcs", "-nologo", f"-out:{_PROGRAM}.exe", "{sources}"), run=("mono", f"{_PROGRAM}.exe", "{args}"),
    ),
    Recipe(
        name="ruby", title="Ruby", profile="scripts", aliases=("rb",), main="main.rb", suffixes=(".rb",),
        run=("ruby", "-I.", "-Ilib", "{entry}", "{args}"), test_files=("test_*.rb", "*_test.rb", "*_spec.rb"),
        test=(
            "ruby", "-I.", "-Ilib", "-Itest", "-e", _RUBY_TESTS,
            "{tests}", "--", "{args}",
        ),
    ),
    Recipe(
        name="php", title="PHP", profile="scripts", main="main.php", suffixes=(".php",),
        run=("php", "{entry}", "{args}"),
        test_main="MainTest.php", test_files=("*Test.php",),
        test=("phpunit", "--no-configuration", "--do-not-cache-result", "{args}", "{test}"),
    ),
    Recipe(
        name="perl", title="Perl", profile="scripts", aliases=("pl",), main="main.pl", suffixes=(".pl",),
        run=("perl", "-I.", "-Ilib", "{entry}", "{args}"),
        test_main="main.t", test_files=("*.t",), test=("prove", "-I.", "-Ilib", "{tests}", "::", "{args}"),
    ),
    Recipe(
        name="lua", title="Lua", profile="scripts", main="main.lua", suffixes=(".lua",),
        run=("lua5.4", "{entry}", "{args}"),
    ),
    Recipe(
        name="bash", title="Bash", profile="scripts", aliases=("sh", "shell"),
        main="main.sh", suffixes=(".sh", ".bash"), run=("bash", "{entry}", "{args}"),
    ),
    Recipe(
        name="sql", title="SQL (SQLite)", profile="scripts", aliases=("sqlite", "sqlite3"),
        main="main.sql", suffixes=(".sql",), run=("sqlite3", "-batch", "-bail", "main.db", '.read "{entry}"', "{args}"),
    ),
)  # fmt: skip
"""`main.db` is a fresh database in the workspace, so that it can be asked for as an artefact."""

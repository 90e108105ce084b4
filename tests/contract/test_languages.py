"""Every language on every backend: the table of recipes.py is true, in jobs as users send them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from qlp.config import SandboxSettings, Settings
from qlp.sandbox.bubblewrap import BubblewrapBackend
from qlp.sandbox.docker import DockerBackend
from qlp.sandbox.languages import main_file, program_job
from qlp.sandbox.protocol import ExecResult, JobResult, Limits, SandboxBackend
from qlp.sandbox.recipes import RECIPES
from qlp.sandbox.roots import HOST

pytestmark = pytest.mark.contract

LIMITS = Limits(wall_s=60, memory_mb=1024, pids=256, cpus=2, disk_mb=128, file_mb=64)


@pytest.fixture(
    params=[
        pytest.param(DockerBackend, marks=pytest.mark.docker, id="docker"),
        pytest.param(BubblewrapBackend, marks=pytest.mark.bubblewrap, id="bubblewrap"),
    ],
    scope="module",
)
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[SandboxBackend]:
    made = request.param(SandboxSettings(concurrency=4), Settings().home)
    status = await made.probe()
    if not status.available:
        pytest.skip(f"{status.name}: {status.detail}; {status.remedy}")
    yield made
    await made.close()


class Sample(NamedTuple):
    """Programs of one language: what it prints is the same for all."""

    works: dict[str, str]
    """Two files. Prints `sum=` the sum of the numbers on stdin plus the second file's 100, then the first argument,
    then $WORD; writes `out.txt` holding `made`."""
    fails: str
    """Ends with exit code 3, or is the language's way to fail."""
    broken: str
    """Does not compile, or does not parse."""
    fail_code: int = 3
    passing: str = ""
    """A test, if the language has a test command."""
    failing: str = ""


SAMPLES: dict[str, Sample] = {
    "python": Sample(
        works={
            "main.py": (
                "import os, sys\nfrom more import plus\n"
                "print('sum=%d' % (sum(map(int, sys.stdin.read().split())) + plus), sys.argv[1], os.environ['WORD'])\n"
                "open('out.txt', 'w').write('made')\n"
            ),
            "more.py": "plus = 100\n",
        },
        fails="raise SystemExit(3)",
        broken="def f(:\n",
        passing="def test_one(): assert 1 + 1 == 2\n",
        failing="def test_one(): assert 1 + 1 == 3\n",
    ),
    "javascript": Sample(
        works={
            "main.js": (
                "import { readFileSync, writeFileSync } from 'node:fs';\nimport { plus } from './more.js';\n"
                "const sum = readFileSync(0, 'utf8').trim().split(' ').map(Number).reduce((a, b) => a + b, plus);\n"
                "console.log(`sum=${sum}`, process.argv[2], process.env.WORD);\nwriteFileSync('out.txt', 'made');\n"
            ),
            "more.js": "export const plus = 100;\n",
            "package.json": '{"type": "module"}',
        },
        fails="process.exit(3)",
        broken="let let = ;",
        passing="require('node:test')('one', () => {});",
        failing="require('node:test')('one', () => { throw new Error('no'); });",
    ),
    "typescript": Sample(
        works={
            "main.ts": (
                "import { readFileSync, writeFileSync } from 'node:fs';\nimport { plus } from './more';\n"
                "const words: string[] = readFileSync(0, 'utf8').trim().split(' ');\n"
                "const sum: number = words.map(Number).reduce((a, b) => a + b, plus);\n"
                "console.log(`sum=${sum}`, process.argv[2], process.env.WORD);\nwriteFileSync('out.txt', 'made');\n"
            ),
            "more.ts": "export const plus: number = 100;\n",
        },
        fails="process.exit(3 as number)",
        broken="let x: = ;",
        passing="import test from 'node:test';\ntest('one', (): void => {});",
        failing="import test from 'node:test';\ntest('one', (): void => { throw new Error('no'); });",
    ),
    "go": Sample(
        works={
            "main.go": (
                'package main\nimport ("fmt"; "os")\nfunc main() {\n\tsum := plus\n\tvar n int\n'
                "\tfor { if _, err := fmt.Scan(&n); err != nil { break }; sum += n }\n"
                '\tfmt.Printf("sum=%d %s %s\\n", sum, os.Args[1], os.Getenv("WORD"))\n'
                '\tif err := os.WriteFile("out.txt", []byte("made"), 0o644); err != nil { panic(err) }\n}\n'
            ),
            "more.go": "package main\n\nconst plus = 100\n",
        },
        fails='package main\nimport "os"\nfunc main() { os.Exit(3) }\n',
        broken="package main\nfunc main() { return 1 }\n",
        passing='package main\nimport "testing"\nfunc TestOne(t *testing.T) {}\n',
        failing='package main\nimport "testing"\nfunc TestOne(t *testing.T) { t.Fatal("no") }\n',
    ),
    "java": Sample(
        works={
            "Main.java": (
                "import java.nio.file.*;\nimport java.util.*;\nimport more.More;\n\n"
                "public class Main {\n  public static void main(String[] args) throws Exception {\n"
                "    int sum = More.PLUS;\n    Scanner in = new Scanner(System.in);\n"
                "    while (in.hasNextInt()) sum += in.nextInt();\n"
                '    System.out.println("sum=" + sum + " " + args[0] + " " + System.getenv("WORD"));\n'
                '    Files.writeString(Path.of("out.txt"), "made");\n  }\n}\n'
            ),
            "more/More.java": "package more;\n\npublic class More { public static final int PLUS = 100; }\n",
        },
        fails="public class Ends { public static void main(String[] a) { System.exit(3); } }",
        broken='public class Main { public static void main(String[] a) { int x = "no"; } }',
        passing=(
            "import org.junit.jupiter.api.*;\nclass OneTest { @Test void one() { Assertions.assertEquals(2, 1 + 1); } }"
        ),
        failing=(
            "import org.junit.jupiter.api.*;\nclass OneTest { @Test void one() { Assertions.assertEquals(3, 1 + 1); } }"
        ),
    ),
    "rust": Sample(
        works={
            "main.rs": (
                "use std::io::Read;\nmod more;\n\nfn main() {\n    let mut text = String::new();\n"
                "    std::io::stdin().read_to_string(&mut text).unwrap();\n"
                "    let sum: i32 = text.split_whitespace().map(|n| n.parse::<i32>().unwrap()).sum();\n"
                '    let word = std::env::var("WORD").unwrap();\n'
                '    println!("sum={} {} {}", sum + more::PLUS, std::env::args().nth(1).unwrap(), word);\n'
                '    std::fs::write("out.txt", "made").unwrap();\n}\n'
            ),
            "more.rs": "pub const PLUS: i32 = 100;\n",
        },
        fails="fn main() { std::process::exit(3) }",
        broken='fn main() { let x: i32 = "no"; }',
        passing="#[test]\nfn one() { assert_eq!(1 + 1, 2); }\nfn main() {}\n",
        failing="#[test]\nfn one() { assert_eq!(1 + 1, 3); }\nfn main() {}\n",
    ),
    "c": Sample(
        works={
            "main.c": (
                '#include <stdio.h>\n#include <stdlib.h>\n#include "more.h"\n\nint main(int argc, char **argv) {\n'
                '  int n, sum = plus();\n  while (scanf("%d", &n) == 1) sum += n;\n'
                '  printf("sum=%d %s %s\\n", sum, argv[1], getenv("WORD"));\n'
                '  FILE *out = fopen("out.txt", "w");\n  fputs("made", out);\n  return fclose(out);\n}\n'
            ),
            "more.c": '#include "more.h"\n#include <math.h>\nint plus(void) { return (int) pow(10, 2); }\n',
            "more.h": "int plus(void);\n",
        },
        fails="int main(void) { return 3; }",
        broken="int main(void) { return missing; }",
    ),
    "c++": Sample(
        works={
            "main.cpp": (
                '#include <iostream>\n#include <cstdlib>\n#include <fstream>\n#include "src/more.hpp"\n\n'
                "int main(int argc, char **argv) {\n  int n, sum = plus();\n  while (std::cin >> n) sum += n;\n"
                '  std::cout << "sum=" << sum << " " << argv[1] << " " << std::getenv("WORD") << std::endl;\n'
                '  std::ofstream("out.txt") << "made";\n}\n'
            ),
            "src/more.cpp": '#include "more.hpp"\nint plus() { return 100; }\n',
            "src/more.hpp": "int plus();\n",
        },
        fails="#include <bits/stdc++.h>\nusing namespace std;\nint main() { vector<int> v{3}; return v[0]; }",
        broken="int main() { std::string s; }",
    ),
    "c#": Sample(
        works={
            "Program.cs": (
                "using System;\nusing System.IO;\nusing System.Linq;\n\nclass Program {\n"
                "  static void Main(string[] args) {\n"
                "    var sum = Console.In.ReadToEnd().Split(' ').Select(int.Parse).Sum() + More.Plus;\n"
                '    Console.WriteLine("sum=" + sum + " " + args[0] + " " + Environment.GetEnvironmentVariable("WORD"));\n'
                '    File.WriteAllText("out.txt", "made");\n  }\n}\n'
            ),
            "More.cs": "static class More { public const int Plus = 100; }\n",
        },
        fails="class Program { static int Main() { return 3; } }",
        broken='class Program { static void Main() { int x = "no"; } }',
    ),
    "ruby": Sample(
        works={
            "main.rb": (
                "require 'more'\nsum = $stdin.read.split.sum(&:to_i) + PLUS\n"
                "puts \"sum=#{sum} #{ARGV[0]} #{ENV['WORD']}\"\nFile.write('out.txt', 'made')\n"
            ),
            "more.rb": "PLUS = 100\n",
        },
        fails="exit 3",
        broken="def f(",
        fail_code=3,
        passing="require 'minitest/autorun'\nclass One < Minitest::Test\n  def test_one = assert_equal(2, 1 + 1)\nend\n",
        failing="require 'minitest/autorun'\nclass One < Minitest::Test\n  def test_one = assert_equal(3, 1 + 1)\nend\n",
    ),
    "php": Sample(
        works={
            "main.php": (
                "<?php\nrequire 'more.php';\n$sum = array_sum(explode(' ', stream_get_contents(STDIN))) + PLUS;\n"
                "echo \"sum=$sum $argv[1] \", getenv('WORD'), \"\\n\";\nfile_put_contents('out.txt', 'made');\n"
            ),
            "more.php": "<?php const PLUS = 100;\n",
        },
        fails="<?php exit(3);",
        broken="<?php function (;",
        passing=(
            "<?php\nclass OneTest extends PHPUnit\\Framework\\TestCase {\n"
            "  public function testOne(): void { $this->assertSame(2, 1 + 1); }\n}\n"
        ),
        failing=(
            "<?php\nclass OneTest extends PHPUnit\\Framework\\TestCase {\n"
            "  public function testOne(): void { $this->assertSame(3, 1 + 1); }\n}\n"
        ),
    ),
    "perl": Sample(
        works={
            "main.pl": (
                "use strict;\nuse More;\nmy $sum = More::plus();\n$sum += $_ for split ' ', join '', <STDIN>;\n"
                "print \"sum=$sum $ARGV[0] $ENV{WORD}\\n\";\nopen my $out, '>', 'out.txt';\nprint $out 'made';\n"
            ),
            "More.pm": "package More;\nsub plus { 100 }\n1;\n",
        },
        fails="exit 3",
        broken="my $x = ;",
        passing="use Test::More tests => 1;\nis(1 + 1, 2);\n",
        failing="use Test::More tests => 1;\nis(1 + 1, 3);\n",
    ),
    "lua": Sample(
        works={
            "main.lua": (
                "local sum = require('more')\nfor n in io.read('a'):gmatch('%d+') do sum = sum + n end\n"
                "print('sum=' .. math.tointeger(sum) .. ' ' .. arg[1] .. ' ' .. os.getenv('WORD'))\n"
                "local out = io.open('out.txt', 'w')\nout:write('made')\nout:close()\n"
            ),
            "more.lua": "return 100\n",
        },
        fails="os.exit(3)",
        broken="local = 1",
    ),
    "bash": Sample(
        works={
            "main.sh": (
                'source ./more.sh\nread -ra numbers\nsum=$plus\nfor n in "${numbers[@]}"; do ((sum += n)); done\n'
                'echo "sum=$sum $1 $WORD"\nprintf made > out.txt\n'
            ),
            "more.sh": "plus=100\n",
        },
        fails="exit 3",
        broken="if then",
    ),
}


async def run(backend: SandboxBackend, language: str, files: dict[str, str], **options: object) -> JobResult:
    program = program_job(language, {path: text.encode() for path, text in files.items()}, **options)  # type: ignore[arg-type]
    async with backend.open(program.profile, LIMITS) as box:
        return await box.job(program.job)


def shown(result: ExecResult) -> str:
    return f"{result.exit_code} {result.signal} {result.stdout!r} {result.stderr[-2000:]!r}"


def test_every_language_has_samples() -> None:
    assert {*SAMPLES, "sql"} == {recipe.name for recipe in RECIPES}
    assert {r.name for r in RECIPES if r.test} == {name for name, sample in SAMPLES.items() if sample.passing}


@pytest.mark.parametrize("language", SAMPLES)
async def test_a_language_compiles_runs_and_fails_as_it_should(backend: SandboxBackend, language: str) -> None:
    """One sandbox a language: several files, stdin, args, env, an artefact, an exit code, a compile error."""
    sample = SAMPLES[language]
    options = {"args": ("a b", "c"), "stdin": b"1 2 3", "env": {"WORD": "ö"}, "fetch": ("out.txt",)}
    works = program_job(language, {k: v.encode() for k, v in sample.works.items()}, **options)  # type: ignore[arg-type]
    fails = program_job(language, {main_file(language): sample.fails.encode()})
    broken = program_job(language, {main_file(language): sample.broken.encode()})
    async with backend.open(works.profile, LIMITS) as box:
        done = await box.job(works.job)
        assert done.last.stdout.decode() == "sum=106 a b ö\n", shown(done.last)
        assert done.last.exit_code == 0
        assert len(done.results) == 1 + works.compiles
        assert done.artefacts == {"out.txt": b"made"}
        assert not done.missing
        failed = await box.job(fails.job)
        assert failed.last.exit_code == sample.fail_code, shown(failed.last)
        assert len(failed.results) == 1 + fails.compiles
        refused = await box.job(broken.job)
        assert len(refused.results) == 1, "what does not compile is not run"
        assert refused.last.exit_code not in (0, None), shown(refused.last)
        assert refused.last.stderr or refused.last.stdout


@pytest.mark.parametrize("language", [name for name, sample in SAMPLES.items() if sample.passing])
async def test_a_test_command_tells_pass_from_fail(backend: SandboxBackend, language: str) -> None:
    recipe = next(r for r in RECIPES if r.name == language)
    name = recipe.test_main or recipe.main
    sample = SAMPLES[language]
    passing, failing = (
        program_job(language, {name: text.encode()}, test=True) for text in (sample.passing, sample.failing)
    )
    async with backend.open(passing.profile, LIMITS) as box:
        good, bad = await box.job(passing.job), await box.job(failing.job)
    assert good.last.exit_code == 0, shown(good.last)
    assert bad.last.exit_code not in (0, None), shown(bad.last)
    assert len(bad.results) == len(good.results), "the failing test compiles"


async def test_sql_runs_on_a_database_of_its_own(backend: SandboxBackend) -> None:
    good = program_job(
        "sql",
        {
            "main.sql": b"create table t (n); insert into t values (1), (2);\n.read more.sql\n",
            "more.sql": b"select sum(n) from t;",
        },
        fetch=("main.db",),
    )
    bad = program_job("sql", {"main.sql": b"select 1;\nselect nothing from nowhere;\nselect 2;"})
    async with backend.open(good.profile, LIMITS) as box:
        done, failed = await box.job(good.job), await box.job(bad.job)
    assert done.last.stdout == b"3\n", shown(done.last)
    assert done.artefacts["main.db"].startswith(b"SQLite format 3")
    assert failed.last.exit_code not in (0, None)
    assert failed.last.stdout == b"1\n", "it stops at the first error"


async def test_projects_with_a_manifest_of_their_own(backend: SandboxBackend) -> None:
    done = await run(
        backend,
        "go",
        {
            "go.mod": "module example.org/app\n\ngo 1.18\n",
            "cmd/app/main.go": 'package main\nimport ("fmt"; "example.org/app/more")\nfunc main() { fmt.Println(more.Plus) }\n',
            "more/more.go": "package more\n\nconst Plus = 100\n",
        },
        entry="cmd/app/main.go",
    )
    assert done.last.stdout == b"100\n", shown(done.last)
    done = await run(
        backend,
        "rust",
        {
            "Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n',
            "src/main.rs": 'mod more;\nfn main() { println!("{}", more::PLUS) }\n',
            "src/more.rs": "pub const PLUS: i32 = 100;\n",
        },
    )
    assert done.last.stdout == b"100\n", shown(done.last)


async def test_a_caller_may_choose_the_flags(backend: SandboxBackend) -> None:
    text = '#include <concepts>\n#include <cstdio>\nint main() { std::integral auto n = 20; std::printf("%d", n); }\n'
    assert (await run(backend, "cpp", {"main.cpp": text})).last.exit_code != 0
    done = await run(backend, "cpp", {"main.cpp": text}, env={"CXXFLAGS": "-O1 -std=gnu++20"})
    assert done.last.stdout == b"20", shown(done.last)


async def test_java_collects_its_garbage_within_the_limit(backend: SandboxBackend) -> None:
    """The JVM must not size its heap by the machine: it would be killed before it collects anything."""
    text = (
        "import java.util.*;\npublic class Main { public static void main(String[] a) { long n = 0;"
        " for (int i = 0; i < 4000; i++) { n += new byte[1 << 20].length; } System.out.println(n); } }"
    )
    done = await run(backend, "java", {"Main.java": text})
    assert done.last.stdout == b"4194304000\n", shown(done.last)


async def test_a_compiler_has_its_own_wall_limit(backend: SandboxBackend) -> None:
    slow = (
        "constexpr int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\n"
        "template <int N> struct G { static constexpr int v = f(27) + N + G<N - 1>::v; };\n"
        "template <> struct G<0> { static constexpr int v = 0; };\nint main() { return G<800>::v & 1; }\n"
    )
    env = {"CXXFLAGS": "-O2 -fconstexpr-ops-limit=4294967296 -fconstexpr-cache-depth=1"}
    done = await run(backend, "c++", {"main.cpp": slow}, compile_s=1.0, run_s=30.0, env=env)
    assert len(done.results) == 1
    assert done.last.timed_out


async def test_what_is_compiled_beforehand_is_used(backend: SandboxBackend) -> None:
    """Other flags, another compiler or a changed clock would make it useless without a word."""
    text = "#include <bits/stdc++.h>\nint main() {}\n"
    env = {"CXXFLAGS": "-O2 -std=gnu++17 -H"}
    program = program_job("c++", {"main.cpp": text.encode()}, env=env)
    async with backend.open(program.profile, LIMITS) as box:
        if box.isolation.image == HOST:
            pytest.skip("the host's own compilers: nothing is compiled beforehand")
        done = await box.job(program.job)
    assert b"! /opt/qlp/c/include/bits/stdc++.h.gch" in done.results[0].stderr, shown(done.results[0])
    program = program_job("java", {"Main.java": b"class Main { public static void main(String[] a) {} }"})
    strict = tuple(part.replace("-Xshare:auto", "-Xshare:on") for part in program.job.commands[0].argv)
    command = program.job.commands[0].model_copy(update={"argv": strict})
    async with backend.open(program.profile, LIMITS) as box:
        done = await box.job(program.job.model_copy(update={"commands": (command,)}))
    assert done.last.ok, shown(done.last)

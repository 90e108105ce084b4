"""What a first program costs in each language that is ready: compiler and program apart."""

from __future__ import annotations

import statistics
import time
from typing import Any

from qlp.errors import QLPError
from qlp.sandbox import SandboxBackend
from qlp.sandbox.languages import main_file, program_job

HELLO = {
    "python": "print(1)",
    "javascript": "console.log(1)",
    "typescript": "const x: number = 1; console.log(x)",
    "go": 'package main\nimport "fmt"\nfunc main() { fmt.Println(1) }',
    "java": "public class Main { public static void main(String[] a) { System.out.println(1); } }",
    "rust": 'fn main() { println!("1"); }',
    "c": '#include <stdio.h>\nint main(void) { puts("1"); }',
    "c++": "#include <iostream>\nint main() { std::cout << 1 << std::endl; }",
    "ruby": "puts 1",
    "php": "<?php echo 1;",
    "csharp": "class P { static void Main() { System.Console.WriteLine(1); } }",
    "bash": "echo 1",
    "perl": "print 1;",
    "lua": "print(1)",
    "sql": "select 1;",
}


async def cost_per_language(backend: SandboxBackend, *, rounds: int) -> dict[str, Any]:
    """Seconds in a warm sandbox, medians; or why a language did not run."""
    ready = set((await backend.probe()).profiles)
    found: dict[str, Any] = {}
    for language, text in HELLO.items():
        program = program_job(language, {main_file(language): text.encode()}, compile_s=60, run_s=20)
        if program.profile not in ready and language not in ready:
            found[language] = {"skipped": f"the {program.profile} profile is not ready"}
            continue
        try:
            async with backend.open(program.profile) as box:
                rows = []
                for _ in range(rounds + 1):  # the first fills the page cache
                    began = time.perf_counter()
                    result = await box.job(program.job)
                    wall = time.perf_counter() - began
                    if result.last.stdout.strip() != b"1":
                        raise RuntimeError(f"{result.last.stdout[:100]!r} {result.last.stderr[-300:]!r}")
                    compiler = result.results[0] if program.compiles else None
                    rows.append((wall, compiler.cpu_s if compiler else 0.0, result.last.cpu_s))
        except (QLPError, RuntimeError) as error:
            found[language] = {"failed": str(error)}
            continue
        wall_s, compile_cpu_s, run_cpu_s = (statistics.median(column) for column in zip(*rows[1:], strict=True))
        found[language] = {"wall_s": wall_s, "compile_cpu_s": compile_cpu_s, "run_cpu_s": run_cpu_s}
    return found

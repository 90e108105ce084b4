"""Programs whose compiler is the victim. They need the `c` profile; see `qlp sandbox build c`."""

from __future__ import annotations

from tests.hostile.program import Program, gvisor
from tests.hostile.verdict import Expected

_GVISOR_MEMORY = (
    "memory of every process is memory of gVisor's own kernel, which the host's kernel kills as a whole: the sandbox is "
    "lost, with a typed error; it is used once"
)

PROGRAMS = (
    Program(
        id="include_dev_zero",
        item='#include "/dev/zero"',
        tries="make the preprocessor read a file without end",
        profile="c",
        file="main.c",
        argv=("gcc", "-o", "main", "main.c"),
        source='#include "/dev/zero"\nint main(void) { return 0; }\n',
        wall_s=4.0,
        expected=Expected(ends=("oom", "timeout", "exit 1")),
        differs=(gvisor(Expected(ends=("oom", "timeout", "exit 1", "lost")), _GVISOR_MEMORY),),
    ),
    Program(
        id="template_recursion",
        item="template recursion",
        tries="templates that instantiate each other without end, with the compiler's own guard taken away",
        profile="c",
        file="main.cpp",
        argv=("g++", "-ftemplate-depth=1000000000", "-c", "main.cpp"),
        source="template <long N> struct A { static const long v = A<N + 1>::v + A<N + 2>::v; };\nlong x = A<0>::v;\n",
        wall_s=4.0,
        expected=Expected(ends=("oom", "timeout", "exit 1", "exit 4")),
        differs=(gvisor(Expected(ends=("oom", "timeout", "exit 1", "exit 4", "lost")), _GVISOR_MEMORY),),
    ),
    Program(
        id="macro_explosion",
        item="OOM in the compiler",
        tries="a 300-byte program of 10^10 tokens",
        profile="c",
        file="main.c",
        argv=("gcc", "-c", "main.c"),
        source="#define A 1,1,1,1,1,1,1,1,1,1\n"
        + "".join(f"#define {b} {','.join([a] * 10)}\n" for a, b in zip("ABCDEFGHI", "BCDEFGHIJ", strict=True))
        + "int y[] = { J };\n",
        wall_s=15.0,
        expected=Expected(ends=("oom",)),
        needs="memory",
        differs=(gvisor(Expected(ends=("oom", "lost")), _GVISOR_MEMORY),),
    ),
    Program(
        id="huge_array",
        item="OOM in the compiler",
        tries="an object file of 100 GB",
        profile="c",
        file="main.c",
        argv=("gcc", "-o", "main", "main.c"),
        source="char big[100000000000] = {1};\nint main(void) { return big[0]; }\n",
        wall_s=6.0,
        expected=Expected(ends=("exit 1", "exit 4", "oom", "timeout")),
    ),
)

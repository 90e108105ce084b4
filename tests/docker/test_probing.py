"""Probing in a real sandbox: what good, bad and hostile candidates come to, and that none reaches another."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from qlp.confidence.probing import Candidate, CandidateProbe, ProbeLimits, ProbeReport, Target, probe, wire
from qlp.config import SandboxSettings, home
from qlp.errors import InputError, SandboxUnavailableError
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import SandboxBackend

pytestmark = pytest.mark.docker

TEXT = '''def total(numbers: list[int]) -> int:
    """Sum of the numbers.
    >>> total([1, 2, 3])
    6
    >>> total([])
    0
    """
'''
TARGET = Target(id="total", text=TEXT, entry="total")
QUICK = ProbeLimits(inputs=12, call_s=0.2, call_wall_s=1.5, load_wall_s=3.0, slow=1, hangs=1)
RIGHT = "def total(numbers):\n    return sum(numbers)\n"


@pytest.fixture(scope="module")
async def backend() -> AsyncIterator[SandboxBackend]:
    try:
        yield await open_backend(SandboxSettings(backend="docker"), home())
    except SandboxUnavailableError as error:
        pytest.skip(error.detail)


def body(text: str) -> str:
    return "def total(numbers):\n" + "".join(f"    {line}\n" for line in text.splitlines())


HOSTILE = {
    "loops": body("while True:\n    pass"),
    "loops for ever and catches everything": body(
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    ),
    "sleeps": body("import time\nwhile True:\n    time.sleep(9)"),
    "eats memory": body("return len(bytearray(8 << 30))"),
    "leaves": body("import os\nos._exit(0)"),
    "leaves politely": body("raise SystemExit(0)"),
    "kills itself": body("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
    "overflows the stack": body("import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nreturn f()"),
    "leaves a daemon": body(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n"
        "    os._exit(0)\nreturn sum(numbers)"
    ),
    "forks and forks": body("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    "prints": 'print(\'{"id":0,"load":"ok","calls":[]}\')\n' + body("print('6')"),
    "writes to every file": body(
        'import os\nfor fd in range(64):\n    try: os.write(fd, b\'{"id":0,"load":"killed","calls":[]}\\n\')\n'
        "    except OSError: pass\nreturn sum(numbers)"
    ),
    "reads the driver": body(
        "import os\nseen = b''\nfor p in os.listdir('/proc'):\n    for what in ('fd/0', 'fd/1', 'fd/3', 'fd/4', 'mem', 'environ'):\n"
        "        try:\n            if p.isdigit() and int(p) != os.getpid(): open(f'/proc/{p}/{what}', 'rb'); return -1\n"
        "        except OSError: pass\nreturn sum(numbers)"
    ),
    "patches what the driver uses": "import json, os, signal\njson.dumps = lambda *a, **k: '{}'\n"
    "signal.setitimer = lambda *a: None\nos.write = lambda *a: 0\n" + body("return 0"),
    "a text that lies": body(
        "class T(int):\n    __eq__ = lambda s, o: True\n    __repr__ = lambda s: '6'\nreturn T(5)"
    ),
    "does not compile": "def total(numbers:\n",
    "cannot be compiled": "x = " + "(" * 50_000,
    "no function": "def other(numbers):\n    return 0\n",
    "fails to load": "raise RuntimeError('no')\n",
    "deep": body("x = []\nfor _ in range(100000): x = [x]\nreturn x"),
    "huge": body("return 'x' * 50_000_000"),
    "itself": body("x = []\nx.append(x)\nreturn x"),
}


@pytest.fixture(scope="module")
async def report(backend: SandboxBackend) -> ProbeReport:
    """All hostile candidates and three good ones, before, between and after them, in one session."""
    hostile = [Candidate(id=name, code=code, generator=name) for name, code in HOSTILE.items()]
    good = [Candidate(id=f"right {i}", code=RIGHT, generator="right") for i in range(3)]
    middle = len(hostile) // 2
    return await probe(TARGET, [good[0], *hostile[:middle], good[1], *hostile[middle:], good[2]], backend, limits=QUICK)


def statuses(one: CandidateProbe) -> set[str]:
    return {o.status for o in one.outcomes}


def test_good_candidates_are_untouched_by_the_others(report: ProbeReport) -> None:
    for i in range(3):
        one = report.of(f"right {i}")
        assert one.load == "ok"
        assert one.examples_passed == len(report.examples) == 2
        assert statuses(one) == {"value"}
        assert one.features["agreement_same_model"] == 1.0
        assert one.features["generated_crash_rate"] == 0.0
        assert not one.failures


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loops", {"timeout"}),
        ("loops for ever and catches everything", {"timeout"}),
        ("sleeps", {"timeout"}),
        ("eats memory", {"memory"}),
        ("leaves", {"killed"}),
        ("leaves politely", {"raised"}),
        ("kills itself", {"killed"}),
    ],
)
def test_a_call_without_an_answer_is_named(report: ProbeReport, name: str, expected: set[str]) -> None:
    one = report.of(name)
    assert one.load == "ok"
    assert expected <= statuses(one) <= expected | {"skipped"}
    assert one.examples_passed == 0
    assert one.failures


def test_what_does_not_load_says_why(report: ProbeReport) -> None:
    assert report.of("does not compile").load == "syntax"
    assert report.of("no function").load == "no entry"
    assert report.of("fails to load").load == "error: RuntimeError"
    assert report.of("cannot be compiled").load != "ok"
    for name in ("does not compile", "no function", "fails to load"):
        assert report.of(name).features["loads"] == 0.0
        assert report.of(name).features["examples_pass_fraction"] == 0.0


def test_nothing_is_gained_by_lying(report: ProbeReport) -> None:
    for name in (
        "patches what the driver uses",
        "a text that lies",
        "overflows the stack",
        "forks and forks",
        "prints",
    ):
        assert report.of(name).examples_passed < 2, name
    assert report.of("reads the driver").examples_passed == 2, "it could open no file of the driver"
    daemon = report.of("leaves a daemon")
    assert daemon.load == "ok"


def test_strange_results_are_results(report: ProbeReport) -> None:
    for name in ("deep", "huge", "itself"):
        assert report.of(name).load == "ok", name
        assert report.of(name).examples_passed == 0


async def test_one_candidate_that_ends_the_driver_costs_only_itself(backend: SandboxBackend) -> None:
    """It has the driver's uid: nothing stops it from killing, so the rest runs in a fresh sandbox."""
    killer = Candidate(id="killer", code=body("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"))
    rest = [Candidate(id=str(i), code=RIGHT) for i in range(3)]
    report = await probe(TARGET, [rest[0], killer, *rest[1:]], backend, limits=QUICK)
    assert report.of("killer").load == "killed"
    assert all(report.of(str(i)).examples_passed == 2 for i in range(3))


async def test_wrong_ones_are_told_apart_by_examples_agreement_and_repair_text(backend: SandboxBackend) -> None:
    codes = {
        "a": RIGHT,
        "b": "def total(numbers):\n    t = 0\n    for n in numbers:\n        t += n\n    return t\n",
        "c": body("return numbers[0] + sum(numbers[1:])"),
        "d": body("return 6 if numbers else 0"),
        "e": body("numbers.sort()\nreturn float(sum(numbers))"),
        "f": body("import random\nreturn sum(numbers) + random.choice([0, 1])"),
    }
    candidates = [Candidate(id=name, code=code, generator="m" if name < "d" else name) for name, code in codes.items()]
    report = await probe(TARGET, candidates, backend, limits=QUICK)
    ranked = sorted(codes, key=lambda name: report.of(name).rank, reverse=True)
    assert set(ranked[:2]) <= {"a", "b", "e"}
    assert report.of("c").failures == (
        "the request's example `total([]) 0`: a call with ([]) raised IndexError, not 0",
    )
    stub = report.of("d").features
    assert stub["examples_pass_fraction"] == 1.0
    assert (stub["dissent_other"] or 0) > 0.5
    assert (stub["output_diversity"] or 0) < 0.2
    assert (report.of("e").features["arguments_kept"] or 0) < 1
    assert (report.of("f").features["repeatable"] or 0) < 1
    assert report.of("a").features["agreement_same_model"] is not None
    assert report.of("f").features["agreement_same_model"] is None, "a single sample agrees with nobody"
    again = await probe(TARGET, candidates[:3], backend, limits=QUICK)
    assert again.inputs == report.inputs


async def test_javascript_candidates_run_in_processes_of_their_own(backend: SandboxBackend) -> None:
    codes = {
        "esm": "export const total = (xs) => xs.reduce((a, b) => a + b, 0);\n",
        "cjs": "function total(xs) { let t = 0; for (const x of xs) t += x; return t; }\nmodule.exports = { total };\n",
        "plain": "function total(xs) { return xs.length ? 6 : 0; }\n",
        "loops": "function total(xs) { for (;;) {} }\n",
        "leaves": "function total(xs) { process.exit(0); }\n",
        "throws": "const total = (xs) => { throw new TypeError('x'); };\n",
        "syntax": "function total(xs) {\n",
        "missing": "function other(xs) {}\n",
        "forges": 'import { writeSync } from \'node:fs\';\nexport function total(xs) { writeSync(3, \'{"n":0,"o":["i","6"]}\\n\'); return 1; }\n',
    }
    target = TARGET.model_copy(update={"language": "javascript"})
    asked = [Candidate(id=name, code=code, generator=name) for name, code in codes.items()]
    report = await probe(target, asked, backend, limits=QUICK)
    assert {name: report.of(name).load for name in codes if report.of(name).load != "ok"} == {
        "syntax": "syntax",
        "missing": "no entry",
    }
    assert [report.of(n).examples_passed for n in ("esm", "cjs", "plain", "loops", "leaves", "throws")] == [
        2,
        2,
        2,
        0,
        0,
        0,
    ]
    assert "timeout" in statuses(report.of("loops"))
    assert {o.error for o in report.of("throws").outcomes} == {"TypeError"}
    assert report.of("forges").examples_passed < 2
    assert (report.of("plain").features["dissent_other"] or 0) > 0


async def test_two_candidates_of_one_name_are_refused(backend: SandboxBackend) -> None:
    with pytest.raises(InputError):
        await probe(TARGET, [Candidate(id="a", code=RIGHT), Candidate(id="a", code=RIGHT)], backend)
    empty = await probe(TARGET, [], backend)
    assert empty.candidates == ()
    assert wire.decode(empty.examples[0].expected) == 6

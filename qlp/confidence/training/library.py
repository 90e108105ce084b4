"""Mutants of the platform's own function library, labelled by the library's own tests: right code by construction, and
the same code with one small fault, in languages that can be probed.

Each solution stands alone, as one sample of a model would: there is nobody to agree with. A mutant that the tests do
not notice is left out: it may be right.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Sequence
from typing import Literal

from qlp.blueprints.functions.catalogue import Entry, catalogue
from qlp.confidence.probing import Candidate, Target
from qlp.confidence.training.labelled import Labelled, LabelledTask, solution_id
from qlp.sandbox.protocol import Command, Job, Limits, SandboxBackend
from qlp.validation.support.mutants.code import code_mutants
from qlp.validation.support.mutants.mutant import Mutant
from qlp.validation.support.mutants.python_code import python_mutants

Language = Literal["python", "javascript"]
_PROFILE = {"python": "python", "javascript": "node"}
_TEST_S = 60.0
_CONFTEST = (
    "from hypothesis import HealthCheck, Phase, settings\n"
    "settings.register_profile('m', deadline=None, derandomize=True, max_examples=30, phases=[Phase.generate],\n"
    "    database=None, suppress_health_check=list(HealthCheck))\n"
    "settings.load_profile('m')\n"
)


async def library_mutants(
    backend: SandboxBackend, *, languages: Sequence[Language] = ("python", "javascript"), each: int = 4, seed: int = 0
) -> list[LabelledTask]:
    """Every entry that is one function, with at most `each` mutants that its tests kill. Raises
    SandboxUnavailableError."""
    made: list[LabelledTask] = []
    for language in languages:
        for entry in catalogue().values():
            target = _target(entry, language)
            if target is not None:
                made += await _of_entry(entry, target, backend, language, each=each, seed=seed)
                print(f"library: {entry.id} ({language}), {len(made)} solutions", file=sys.stderr)  # noqa: T201
    return made


async def _of_entry(
    entry: Entry, target: Target, backend: SandboxBackend, language: Language, *, each: int, seed: int
) -> list[LabelledTask]:
    source = entry.source(language)
    if not await _passes(entry, source, backend, language):
        return []
    made = [_task(target, source, "good", 0)]
    proposed = python_mutants(source) if language == "python" else code_mutants(source, language)
    inside = [m for m in proposed if m.function]
    random.Random(f"{seed}:{target.id}").shuffle(inside)
    for number, mutant in enumerate(inside[:each], 1):
        changed = _changed(source, mutant)
        if not await _passes(entry, changed, backend, language):
            made.append(_task(target, changed, "bad", number))
    return made


async def _passes(entry: Entry, source: str, backend: SandboxBackend, language: Language) -> bool:
    test = entry.test(language)
    if language == "python":
        files = {"functions.py": source, "test_it.py": test, "conftest.py": _CONFTEST}
        argv: tuple[str, ...] = ("python3", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "test_it.py")
    else:
        files = {"javascript.mjs": source, "it.test.mjs": test, "package.json": '{"type": "module"}'}
        argv = ("node", "--test", "it.test.mjs")
    commands: tuple[Command, ...] = (Command(argv=argv, wall_s=_TEST_S),)
    if language == "javascript":  # the image's packages are not on a program's way up the folders
        commands = (Command(argv=("ln", "-s", "/opt/qlp/node/node_modules", "node_modules")), *commands)
    job = Job(files={k: v.encode() for k, v in files.items()}, commands=commands)
    async with backend.open(_PROFILE[language], Limits(wall_s=_TEST_S)) as sandbox:  # a fresh one: mutants eat memory
        return (await sandbox.job(job)).last.ok


def _changed(source: str, mutant: Mutant) -> str:
    return source[: mutant.start] + mutant.replacement + source[mutant.end :]


def _task(target: Target, code: str, twin: str, number: int) -> LabelledTask:
    candidate = Candidate(id=solution_id(code, twin), code=code, generator="library")
    own = target.model_copy(update={"id": f"{target.id}#{number}"})
    return LabelledTask(own, (Labelled(candidate, int(twin == "good"), twin),))


def _target(entry: Entry, language: Language) -> Target | None:
    """The request: what the entry is for, its signature, and the calls that its example prints."""
    names = entry.names[language]
    if len(names) != 1 or names[0].kind != "function":
        return None
    name, signature = names[0].name, names[0].signature
    lines = [f"{signature}: {entry.summary}", *_examples(entry, language, name)]
    declared = f"def {signature}:" if language == "python" else f"function {signature}"
    return Target(id=f"{entry.id}@{language}", text="\n".join(lines), entry=name, language=language, signature=declared)


def _examples(entry: Entry, language: Language, name: str) -> list[str]:
    """`print(f(1), f(2))` with the output `3 4` are two examples, where each result is one word."""
    example = entry.example[language]
    printed = [re.fullmatch(r"(?:print|console\.log)\((.*)\);?", line) for line in example.code]
    if len(printed) != len(example.output) or not all(printed):
        return []
    found = []
    for line, output in zip(printed, example.output, strict=True):
        calls = re.split(rf",\s*(?={re.escape(name)}\()", line[1]) if line else []
        results = output.split(" ") if len(calls) > 1 else [output]
        if len(calls) == len(results):
            found += [f"{call} == {_quoted(result)}" for call, result in zip(calls, results, strict=True)]
    return found


def _quoted(result: str) -> str:
    """A printed text has lost its quotes."""
    return result if re.match(r"[-\d\[({\"']|(?:True|False|None|true|false|null)$", result) else repr(result)

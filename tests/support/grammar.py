"""The synthetic task grammar of the test model: an English chain of typed operations -> a Python function `f(x)`.

Texts and constants are those that the model was trained on: a changed word is another language to it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

_LETTERS = "abcdeilmnorstu"
_JOINS = (", then ", " and then ", ", next ")
_NAMES = {"int": "a number", "str": "a string", "list": "a list of numbers"}

# input type -> [(paraphrases, statement, output type)]; {c} is a constant, {w} and {v} are letters
_OPERATIONS: dict[str, list[tuple[list[str], str, str]]] = {
    "int": [
        (["add {c}", "increase by {c}", "plus {c}"], "x = x + {c}", "int"),
        (["subtract {c}", "decrease by {c}", "take away {c}"], "x = x - {c}", "int"),
        (["multiply by {c}", "times {c}", "scale by {c}"], "x = x * {c}", "int"),
        (["square it", "raise to power two"], "x = x * x", "int"),
        (["negate it", "flip the sign"], "x = -x", "int"),
        (["take the absolute value", "drop the sign"], "x = abs(x)", "int"),
        (["floor divide by {c}", "integer divide by {c}"], "x = x // {c}", "int"),
        (["take modulo {c}", "remainder by {c}"], "x = x % {c}", "int"),
        (["clamp to at least {c}", "max with {c}"], "x = max(x, {c})", "int"),
        (["clamp to at most {c}", "min with {c}"], "x = min(x, {c})", "int"),
        (["convert to text", "turn into a string"], "x = str(x)", "str"),
    ],
    "str": [
        (["uppercase it", "make upper case"], "x = x.upper()", "str"),
        (["lowercase it", "make lower case"], "x = x.lower()", "str"),
        (["reverse the text", "write it backwards"], "x = x[::-1]", "str"),
        (["strip spaces", "trim it"], "x = x.strip()", "str"),
        (["repeat {c} times", "copy {c} times"], "x = x * {c}", "str"),
        (["append '{w}'", "put '{w}' at the end"], "x = x + '{w}'", "str"),
        (["prepend '{w}'", "put '{w}' in front"], "x = '{w}' + x", "str"),
        (["keep the first {c} characters", "take {c} leading characters"], "x = x[:{c}]", "str"),
        (["replace '{w}' with '{v}'", "change '{w}' into '{v}'"], "x = x.replace('{w}', '{v}')", "str"),
        (["split into words", "break on spaces"], "x = x.split()", "strs"),
        (["get its length", "count characters"], "x = len(x)", "int"),
        (["count '{w}'", "how many '{w}'"], "x = x.count('{w}')", "int"),
    ],
    "strs": [
        (["sort the words", "order the words"], "x = sorted(x)", "strs"),
        (["reverse the word order"], "x = x[::-1]", "strs"),
        (["join with '{w}'", "glue with '{w}'"], "x = '{w}'.join(x)", "str"),
        (["count the words", "number of words"], "x = len(x)", "int"),
        (["keep words longer than {c}"], "x = [w for w in x if len(w) > {c}]", "strs"),
        (["get each word length"], "x = [len(w) for w in x]", "list"),
    ],
    "list": [
        (["sort ascending", "order it"], "x = sorted(x)", "list"),
        (["sort descending", "order from high to low"], "x = sorted(x, reverse=True)", "list"),
        (["reverse the list", "flip the list"], "x = x[::-1]", "list"),
        (["keep the even numbers", "only evens"], "x = [v for v in x if v % 2 == 0]", "list"),
        (["keep the odd numbers", "only odds"], "x = [v for v in x if v % 2 == 1]", "list"),
        (["keep numbers above {c}", "drop numbers up to {c}"], "x = [v for v in x if v > {c}]", "list"),
        (["add {c} to each", "increase all by {c}"], "x = [v + {c} for v in x]", "list"),
        (["multiply each by {c}", "scale all by {c}"], "x = [v * {c} for v in x]", "list"),
        (["square each", "square all"], "x = [v * v for v in x]", "list"),
        (["remove duplicates and sort", "sorted unique values"], "x = sorted(set(x))", "list"),
        (["sum it", "total of all"], "x = sum(x)", "int"),
        (["get the length", "how many items"], "x = len(x)", "int"),
        (["count {c}", "how many equal {c}"], "x = x.count({c})", "int"),
        (["take the largest", "maximum or 0"], "x = max(x, default=0)", "int"),
    ],
}


@dataclass(frozen=True)
class GrammarTask:
    type: str
    """Type of x: int, str or list."""
    description: str
    steps: tuple[str, ...]
    """The statements of the reference solution."""


def sample(rng: random.Random, operations: int) -> GrammarTask:
    """A task of `operations` steps; equal seeds give equal tasks."""
    kind = first = rng.choice(["int", "str", "list"])
    wishes: list[str] = []
    steps: list[str] = []
    for _ in range(operations):
        phrases, code, result = rng.choice(_OPERATIONS[kind])
        w, v = rng.sample(_LETTERS, 2)
        fill = {"c": rng.randint(2, 29), "w": w, "v": v}
        wishes.append(rng.choice(phrases).format(**fill))
        steps.append(code.format(**fill))
        kind = result
    join = rng.choice(_JOINS)
    return GrammarTask(type=first, description=f"take {_NAMES[first]}: " + join.join(wishes), steps=tuple(steps))


def prompt(task: GrammarTask) -> str:
    """The whole user message."""
    return "# task: " + task.description


def solution(task: GrammarTask) -> str:
    """The reference solution."""
    return "def f(x):\n" + "".join(f"    {step}\n" for step in task.steps) + "    return x\n"


def inputs(task: GrammarTask, n: int = 6) -> list[Any]:
    """Inputs for x, fixed by the description."""
    rng = random.Random(task.description)
    if task.type == "int":
        return [rng.randint(-60, 60) for _ in range(n)]
    if task.type == "str":
        letters = _LETTERS + _LETTERS.upper()
        return [
            " ".join("".join(rng.choice(letters) for _ in range(rng.randint(1, 9))) for _ in range(rng.randint(1, 5)))
            for _ in range(n)
        ]
    return [[rng.randint(-5, 40) for _ in range(rng.randint(0, 9))] for _ in range(n)]


def tests(task: GrammarTask) -> str:
    """A pytest file that compares `solution.f` with the reference on `inputs`; the judge is the reference itself."""
    body = solution(task).replace("def f(x):", "def expected(x):")
    return (
        "import copy\n\nimport pytest\nfrom solution import f\n\n\n"
        f"{body}\n\n"
        f"@pytest.mark.parametrize('x', {inputs(task)!r})\n"
        "def test_same_as_reference(x):\n"
        "    assert f(copy.deepcopy(x)) == expected(copy.deepcopy(x))\n"
    )

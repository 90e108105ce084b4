"""Generated inputs: deterministic, of the right types, near the examples, with boundaries."""

from __future__ import annotations

from typing import Any

import pytest

from qlp.confidence.probing import ProbeInput, Target, find_examples, wire
from qlp.confidence.probing.generate import generate

pytestmark = pytest.mark.unit


def made(text: str, signature: str, *, count: int = 44, seed: int = 0) -> tuple[ProbeInput, ...]:
    target = Target(id="t", text=text, entry="f", signature=signature)
    return generate(target, find_examples(target), count=count, seed=seed)


def values(inputs: tuple[ProbeInput, ...]) -> list[tuple[Any, ...]]:
    return [tuple(wire.decode(a) for a in one.arguments) for one in inputs]


def test_the_same_seed_makes_the_same_inputs_and_another_seed_others() -> None:
    text, signature = "f([1, 2, 3]) == 6\nf([4]) == 4", "def f(xs: list[int]) -> int:"
    assert made(text, signature, seed=3) == made(text, signature, seed=3)
    assert made(text, signature, seed=3) != made(text, signature, seed=4)


def test_no_input_is_an_example_or_made_twice() -> None:
    inputs = values(made("f(1) == 1\nf(90) == 2", "def f(n: int) -> int:"))
    assert (1,) not in inputs
    assert len(set(inputs)) == len(inputs) > 20


@pytest.mark.parametrize(
    ("annotation", "types"),
    [
        ("int", int),
        ("float", float),
        ("str", str),
        ("bool", bool),
        ("list[str]", list),
        ("dict[str, int]", dict),
        ("tuple[int, str]", tuple),
        ("set[int]", set),
        ("Optional[int]", (int, type(None))),
        ("int | str", (int, str)),
        ("List[List[int]]", list),
    ],
)
def test_annotations_are_kept(annotation: str, types: Any) -> None:
    inputs = values(made("", f"def f(x: {annotation}):"))
    assert inputs
    assert all(isinstance(x, types) for (x,) in inputs)


def test_elements_have_the_type_of_the_annotation() -> None:
    (words, pairs) = zip(*values(made("", "def f(words: list[str], pairs: list[tuple[int, float]]):")), strict=True)
    assert all(isinstance(w, str) for ws in words for w in ws)
    assert all(len(p) == 2 and isinstance(p[0], int) and isinstance(p[1], float) for ps in pairs for p in ps)
    assert any(words)


def test_examples_say_what_annotations_do_not() -> None:
    text = "f(['ab', 'c'], 2) == 'ab'\nf(['x'], 1) == ''"
    inputs = values(made(text, "def f(lst, k):"))
    assert all(isinstance(a, list) and all(isinstance(w, str) for w in a) and isinstance(k, int) for a, k in inputs)


def test_numbers_stay_positive_where_the_examples_are_apart_from_edges() -> None:
    inputs = made("f(5) == 1\nf(12) == 2", "def f(n):")
    assert all(wire.decode(one.arguments[0]) >= 0 for one in inputs)
    assert any(wire.decode(one.arguments[0]) < 0 for one in made("f(-5) == 1", "def f(n):"))


def test_there_are_boundaries() -> None:
    lists = [a for one in made("f([1, 2]) == 3", "def f(xs):") if one.kind == "edge" for a in one.arguments]
    assert ["l"] in lists
    assert max(len(a) for a in lists) > 100
    texts = [one.arguments[0] for one in made("f('ab') == 3", "def f(s):", count=80)]
    assert "" in texts
    assert any(not t.isascii() for t in texts)


def test_names_of_parameters_are_a_weak_hint() -> None:
    (inputs,) = zip(*values(made("", "def f(words):")), strict=True)
    assert all(isinstance(w, str) for ws in inputs for w in ws)


def test_without_signature_and_examples_there_is_nothing_to_call_it_with() -> None:
    assert made("do something", "") == ()


def test_odd_signatures_and_examples_do_no_harm() -> None:
    assert made("f() == 3", "def f():") == ()
    assert made("f(1) == 3\nf(1, 2) == 3\nf(3, 4) == 1", "def f(a, b=1):")
    assert made("f([[], [1], [1, 2]], 3) == [(2, 2)]\nf([], 1) == []", "def f(lst, x):")
    assert made("f({}) == 0\nf({1: 'a', 'b': [1]}) == 2", "def f(d):")
    assert made("f(None) == 0\nf(1.5) == 1\nf('2,3') == 2", "def f(x):")

"""Examples of requests, in the notations that people use."""

from __future__ import annotations

from typing import Any

import pytest

from qlp.confidence.probing import Example, Target, find_examples, wire

pytestmark = pytest.mark.unit


def found(text: str, entry: str = "f", signature: str = "") -> list[tuple[tuple[Any, ...], Any]]:
    examples = find_examples(Target(id="t", text=text, entry=entry, signature=signature))
    return [(tuple(wire.decode(a) for a in e.arguments), wire.decode(e.expected)) for e in examples]


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        (">>> f(1, 2)\n    3\n", (1, 2), 3),
        (">>> f([1, 2])\n['a',\n 'b']\n", ([1, 2],), ["a", "b"]),
        (">>> f([]) == 0", ([],), 0),
        (">>> f([1, 0]) [0, 1]", ([1, 0],), [0, 1]),
        (">>> f(2) # comment\n4", (2,), 4),
        ("f(1) -> 2", (1,), 2),
        ("f(1) ➞ [1, 2]", (1,), [1, 2]),
        ("f('a') => \"b\"", ("a",), "b"),
        ("* f((1, 2)) ==> (True, None)", ((1, 2),), (True, None)),
        ("f(5) = 7", (5,), 7),
        ("f(-1) == -6.5", (-1,), -6.5),
        ("f('Hi') returns 'Hi'", ("Hi",), "Hi"),
        ("f(148, 412) should return 16.", (148, 412), 16),
        ("f({\"a\": 1, 'b': [2]}) should be False.", ({"a": 1, "b": [2]},), False),
        ('f(15)   # returns "db1111db"', (15,), "db1111db"),
        ("f('5 apples', 19) ->19 - 5 - 6 = 8", ("5 apples", 19), 8),
        ("f([1, 3]) == 1 + 9 + 0 = 10", ([1, 3],), 10),
        ("assert f(3) == 4", (3,), 4),
        ("assert f(3)", (3,), True),
        ("assert not f('x')", ("x",), False),
        ("assert (f([1], [2])) == [1]", ([1], [2]), [1]),
        ("assertEqual(f(3), [4])", (3,), [4]),
        ("expect(f(3)).toEqual({a: 1, b: null})", (3,), {"a": 1, "b": None}),
        ("f(true, null) // => undefined", (True, None), None),
        ("f([]int{1, 2}) == []string{}", ([1, 2],), []),
        ("f(1e3, 0x1F, 1_000) == .5", (1000.0, 31, 1000), 0.5),
        ("f({1, 2}) == set()", ({1, 2},), set()),
        ("f('a\\tb\\u00e9', r'\\d') == 'it\\'s'", ("a\tbé", "\\d"), "it's"),
        ("f(abc) => False", ("abc",), False),
    ],
)
def test_one_example_is_read_in_each_notation(text: str, arguments: tuple[Any, ...], expected: Any) -> None:
    assert found(text) == [(arguments, expected)]


@pytest.mark.parametrize(
    "text",
    [
        "def f(x: int) -> int:\n    pass",
        "f(n) = f(n - 1) + f(n - 2)",
        "f(x) returns 3 for every x",
        "f(__import__('os').system('id')) == 0",
        "f(1) == open('/etc/passwd')",
        'f([\'aaaa\']) == ""aaaa"',
        "f(1, 2",
        "f(" + "[" * 5000 + ")" + " == 1",
        "g(1) == 2",
        "print(f(1))",
        "",
    ],
)
def test_what_is_no_example_is_none(text: str) -> None:
    assert found(text) == []


def test_parameters_by_name_and_blocks_of_input_and_output() -> None:
    assert found(
        "For lst = [1, 2] the output should be 3\nFor lst = [] the output should be 0", signature="def f(lst):"
    ) == [
        (([1, 2],), 3),
        (([],), 0),
    ]
    assert found('For s = "abc", c = "b" the result should be ("ac", False)', signature="def f(s, c):") == [
        (("abc", "b"), ("ac", False))
    ]
    block = "Example 1:\n Input: grid = [[1, 2]], k = 3\n Output: [1]\nExample 2:\n Input: grid = [[2]], k = 1\n Output: [2]"
    assert found(block, signature="def f(grid, k):") == [(([[1, 2]], 3), [1]), (([[2]], 1), [2])]
    lines = "Input:\n  grid : [[0]]\n  capacity : 2\nOutput: 5"
    assert found(lines, signature="def f(grid, capacity):") == [(([[0]], 2), 5)]
    assert found('- "abc" -> "cba"\n- "" -> ""', signature="def f(s):") == [(("abc",), "cba"), (("",), "")]
    assert found("f(b=2, a=1) == 3", signature="def f(a, b):") == [((1, 2), 3)]


def test_other_spellings_of_the_name_are_known() -> None:
    assert found("below_zero([1]) == False", entry="belowZero") == [(([1],), False)]
    assert found("belowZero([1]) == False", entry="below_zero") == [(([1],), False)]


def test_rounding_and_wrapping_are_kept() -> None:
    text = ">>> round(f([1, 2]), 2)\n-0.5\nassert set(f(3)) == {1, 2}\nassert sorted(f(4)) == [1]"
    examples = find_examples(Target(id="t", text=text, entry="f"))
    assert [(e.digits, e.wrap) for e in examples] == [(2, ""), (None, "set"), (None, "sorted")]


def test_a_formula_before_the_examples_is_not_one() -> None:
    text = "f(2) = 1 + (2 / 2) = 2\nf(4) = 3\nExamples:\nf(3) = [1, 3, 2, 8]"
    assert found(text) == [((3,), [1, 3, 2, 8])]


def test_each_input_counts_once_and_no_more_than_asked() -> None:
    text = "\n".join(f"f({i % 20}) == {i % 20}" for i in range(100))
    assert len(find_examples(Target(id="t", text=text, entry="f"), limit=12)) == 12
    assert len(find_examples(Target(id="t", text=text, entry="f"), limit=50)) == 20


def test_a_bracketed_value_may_be_a_tuple_of_one() -> None:
    (example,) = find_examples(Target(id="t", text="f('Earth') ==> (\"Venus\")", entry="f"))
    assert isinstance(example, Example)
    assert [wire.decode(w) for w in (example.expected, *example.also)] == ["Venus", ("Venus",)]

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import balanced_brackets

NESTED = st.recursive(
    st.sampled_from(["", "x"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        inner.map("({})".format),
        inner.map("[{}]".format),
        inner.map("{{{}}}".format),
    ),
)


@pytest.mark.parametrize("text", ["", "abc", "{[()]}", "f(a[0], {x})"])
def test_balanced(text: str) -> None:
    assert balanced_brackets(text)


@pytest.mark.parametrize("text", ["(", ")", "(]", "([)]", "())("])
def test_unbalanced(text: str) -> None:
    assert not balanced_brackets(text)


@given(NESTED)
def test_nested_brackets_are_balanced_until_one_more_opens(text: str) -> None:
    assert balanced_brackets(text)
    assert not balanced_brackets("(" + text)
    assert not balanced_brackets(text + "]")


@given(st.text("()[]{}", max_size=10))
def test_agrees_with_erasing_pairs(text: str) -> None:
    rest, erased = text, 1
    while erased:
        rest, erased = re.subn(r"\(\)|\[\]|\{\}", "", rest)
    assert balanced_brackets(text) == (rest == "")

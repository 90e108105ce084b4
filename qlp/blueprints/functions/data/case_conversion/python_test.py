import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import to_camel_case, to_snake_case

WORDS = st.lists(st.text("abc", min_size=2, max_size=5), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("name", "snake", "camel"),
    [
        ("", "", ""),
        ("parseHTTPBody", "parse_http_body", "parseHttpBody"),
        ("user name-ID", "user_name_id", "userNameId"),
        ("userID", "user_id", "userId"),
        ("Version2Beta", "version_2_beta", "version2Beta"),
    ],
)
def test_known_values(name: str, snake: str, camel: str) -> None:
    assert to_snake_case(name) == snake
    assert to_camel_case(name) == camel


@given(WORDS)
def test_words_survive_both_ways(words: list[str]) -> None:
    snake = "_".join(words)
    camel = to_camel_case(snake)
    assert [part.lower() for part in re.split(r"(?=[A-Z])", camel)] == words
    assert to_snake_case(camel) == snake


@given(st.text("abAB01_- ", max_size=12))
def test_results_are_stable(name: str) -> None:
    assert to_snake_case(to_snake_case(name)) == to_snake_case(name)
    assert "_" not in to_camel_case(name)

from hypothesis import given
from hypothesis import strategies as st

from functions import longest_common_prefix

WORDS = st.lists(st.text("ab", max_size=5), min_size=1, max_size=5)


def test_known_values() -> None:
    assert longest_common_prefix([]) == ""
    assert longest_common_prefix(["flower", "flow", "flight"]) == "fl"
    assert longest_common_prefix(["dog", "car"]) == ""


@given(st.text("ab", max_size=4), WORDS)
def test_is_a_prefix_of_all_and_cannot_grow(start: str, ends: list[str]) -> None:
    texts = [start + end for end in ends]
    prefix = longest_common_prefix(texts)
    assert prefix.startswith(start)
    assert all(text.startswith(prefix) for text in texts)
    longer = texts[0][: len(prefix) + 1]
    assert longer == prefix or not all(text.startswith(longer) for text in texts)

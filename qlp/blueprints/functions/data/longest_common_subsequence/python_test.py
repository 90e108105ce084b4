from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from functions import longest_common_subsequence

WORDS = st.text("abc", max_size=7)


def subsequences(text: str) -> set[str]:
    return {"".join(chosen) for size in range(len(text) + 1) for chosen in combinations(text, size)}


def test_known_values() -> None:
    assert longest_common_subsequence("AGGTAB", "GXTXAYB") == "GTAB"
    assert longest_common_subsequence("abc", "xyz") == ""


@given(WORDS, WORDS)
def test_is_a_longest_of_all_common_subsequences(first: str, second: str) -> None:
    common = subsequences(first) & subsequences(second)
    result = longest_common_subsequence(first, second)
    assert result in common
    assert len(result) == max(map(len, common))
